import csv
import io
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import table
from rules.table import Column, Format

COLUMNS = (Column("id", "_id"), Column("sentAt", "sent_at"), Column("text", "text"))
ROWS: list[dict[str, Any]] = [
    {"_id": UUID(int=1), "sent_at": datetime(2026, 1, 2, tzinfo=UTC), "text": 'say "hi",\nAnn'},
    {"_id": UUID(int=2), "sent_at": None, "text": "=1+1"},
]
FORMULAS = st.from_regex(r"\A'*[=+\-@\t\r\n＝＋－＠]?[^\x00]*\Z")


def test_a_table_in_csv_names_its_columns_and_quotes_what_must_be() -> None:
    said = table.head(Format.CSV, COLUMNS) + table.body(Format.CSV, COLUMNS, ROWS)
    assert said.decode().splitlines() == [
        "id,sentAt,text",
        '00000000-0000-0000-0000-000000000001,2026-01-02T00:00:00+00:00,"say ""hi"",',
        'Ann"',
        "00000000-0000-0000-0000-000000000002,,'=1+1",
    ]


def test_a_table_in_ndjson_has_an_object_a_line() -> None:
    said = table.head(Format.NDJSON, COLUMNS) + table.body(Format.NDJSON, COLUMNS, ROWS)
    first, second = map(json.loads, said.splitlines())
    assert first["sentAt"] == "2026-01-02T00:00:00+00:00"
    assert second == {"id": str(UUID(int=2)), "sentAt": None, "text": "=1+1"}


@pytest.mark.parametrize("cell", ["=1+1", "+7", "-1", "@SUM", "\t=1", "\r=1", "＝1", "'=1", "''@"])
def test_no_cell_is_left_that_a_spreadsheet_would_run(cell: str) -> None:
    assert table.harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "ann", "'", "'ann", "7999", "a=b", "a-b"])
def test_a_harmless_cell_stays_as_it_is(cell: str) -> None:
    assert table.harmless(cell) == cell
    assert table.as_said(cell) == cell


@given(FORMULAS)
def test_every_cell_is_read_back_as_it_was(cell: str) -> None:
    assert table.as_said(table.harmless(cell)) == cell


@given(st.lists(st.lists(FORMULAS, min_size=3, max_size=3)))
def test_what_is_written_is_read_by_pythons_csv(rows: list[list[str]]) -> None:
    columns = [Column(name, name) for name in "abc"]
    said = table.body(Format.CSV, columns, [dict(zip("abc", row, strict=True)) for row in rows])
    found = csv.reader(io.StringIO(said.decode(), newline=""), strict=True)
    assert [[table.as_said(cell) for cell in row] for row in found] == rows


def test_an_empty_cell_and_null_stand_for_what_the_column_says() -> None:
    column = Column("timeZone", "time_zone", empty="UTC")
    assert [column.value(raw) for raw in (None, "", "Europe/Riga", 7)] == [
        *("UTC", "UTC", "Europe/Riga", 7)
    ]
