import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput, Problem
from rules import table
from rules.client_table import COLUMNS
from rules.ndjson_reader import LONGEST
from rules.table import Format
from rules.table_reader import MOST_TOLD, Said, TableReader, Wrong

TEXT = st.text(max_size=8).filter(lambda text: "\0" not in text)
ROWS = st.lists(
    st.fixed_dictionaries(
        {"phone": st.from_regex(r"\A7[0-9]{10}\Z"), "email": st.none() | st.just("=a@b.c") | TEXT}
    ),
    max_size=5,
)


def read(kind: Format, said: bytes, step: int = 7, **options: Any) -> list[Said | Wrong]:
    reader = TableReader(kind, COLUMNS, "phone", **options)
    found: list[Said | Wrong] = []
    for start in range(0, len(said), step):
        found += reader.feed(said[start : start + step])
    return [*found, *reader.close()]


def refusal(said: bytes, **options: Any) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        read(Format.CSV, said, **options)
    return {error.field: error.message for error in caught.value.errors}


@given(ROWS, st.sampled_from(Format), st.integers(1, 100))
def test_what_was_written_is_read(rows: list[dict[str, Any]], kind: Format, step: int) -> None:
    columns = [at for at in COLUMNS if at.name in ("phone", "email")]
    said = table.head(kind, columns) + table.body(kind, columns, rows)
    values = [row.values for row in read(kind, said, step) if isinstance(row, Said)]
    assert values == [{**row, "email": row["email"] or None} for row in rows]


def test_columns_go_by_their_names_in_any_order_and_spelling() -> None:
    said = b"Time Zone,PHONE,operator_code\nUTC,79991234567,\n"
    assert read(Format.CSV, said) == [
        Said(2, {"time_zone": "UTC", "phone": "79991234567", "operator_code": None})
    ]


def test_a_column_that_nobody_knows_is_refused_with_the_nearest_or_passed_over() -> None:
    said = b"phone,tag,colour\n79991234567,vip,red\n"
    found = refusal(said)
    assert found["tag"] == "there is no such column; did you mean tags?"
    assert "use phone, operatorCode" in found["colour"]
    (row,) = read(Format.CSV, said, ignore_unknown=True)
    assert row == Said(2, {"phone": "79991234567"})


def test_a_header_must_name_the_phone_and_nothing_twice() -> None:
    assert refusal(b"email,e_mail\n").keys() == {"email", "phone"}
    assert "empty" in refusal(b"")["header"]
    assert "UTF-8" in refusal(b"\xff\xfep\x00h\x00")["header"]
    assert "more than 1000" in refusal(b"," * 2_000 + b"x")["header"]


def test_empty_cells_at_the_end_are_no_columns() -> None:
    assert read(Format.CSV, b"phone,,\n79991234567,,,,\n") == [Said(2, {"phone": "79991234567"})]


def test_a_row_has_as_many_cells_as_the_header() -> None:
    for cells, count in ((b"79991234567", 1), (b"79991234567,a@b.c,x", 3)):
        (row,) = read(Format.CSV, b"phone,email\n" + cells)
        assert isinstance(row, Wrong)
        assert row.errors[0].message == f"the line has {count} cells, and the header 2"


def test_json_says_values_as_they_are_or_as_a_cell_would() -> None:
    lines = [
        b'{"phone": 79991234567, "tags": ["a,b"], "email": null}',
        b'{"phone": "79991234567", "tags": "a|b", "time_zone": ""}',
        b"  \r",
    ]
    assert read(Format.NDJSON, b"\xef\xbb\xbf" + b"\n".join(lines)) == [
        Said(1, {"phone": 79991234567, "tags": ["a,b"], "email": None}),
        Said(2, {"phone": "79991234567", "tags": ("a", "b"), "time_zone": "UTC"}),
    ]


@pytest.mark.parametrize(
    ("line", "field", "code", "said"),
    [
        (b"{", "", Problem.INVALID, "not JSON"),
        (b"[]", "", Problem.INVALID, "no JSON object"),
        (b"[" * 100_000, "", Problem.INVALID, "nested too deeply"),
        (b'{"phone": "\xff"}', "", Problem.INVALID, "UTF-8"),
        (b"{}", "phone", Problem.BLANK, "missing"),
        (b'{"fone": "7"}', "fone", Problem.INVALID, "did you mean phone"),
        (b'{"phone": "' + b"7" * 10_000_000 + b'"}', "", Problem.TOO_LONG, f"{LONGEST} bytes"),
    ],
)
def test_a_wrong_line_of_ndjson_is_told_and_the_next_one_read(
    line: bytes, field: str, code: Problem, said: str
) -> None:
    good = json.dumps({"phone": "79991234567"}).encode()
    wrong, right = read(Format.NDJSON, line + b"\n" + good, step=65_536)
    assert isinstance(wrong, Wrong)
    (error,) = wrong.errors
    assert (wrong.line, error.field, error.code) == (1, field, code)
    assert said in error.message
    assert isinstance(right, Said)
    assert right.line == 2


@given(st.binary(max_size=200), st.sampled_from(Format), st.integers(1, 50))
def test_no_bytes_make_it_fail(said: bytes, kind: Format, step: int) -> None:
    try:
        read(kind, said, step, ignore_unknown=True)
    except InvalidInput:
        assert kind is Format.CSV


def test_of_thousands_of_unknown_names_in_a_line_the_first_are_told() -> None:
    # What was meant by a name takes as long to find as many rows to read: this took minutes.
    line = json.dumps({f"name{number}": 1 for number in range(5_000)}).encode() + b"\n"
    for at, row in enumerate(read(Format.NDJSON, line * 200, step=65_536), start=1):
        assert isinstance(row, Wrong)
        assert (row.line, len(row.errors)) == (at, MOST_TOLD)
        assert {error.field for error in row.errors} == {f"name{number}" for number in range(10)}
        assert "there is no such column" in row.errors[-1].message
