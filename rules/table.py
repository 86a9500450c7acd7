"""Tables that leave and enter as CSV or NDJSON: their columns, and how a value stands in a cell."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson

Row = Mapping[str, Any]

_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
"""What a spreadsheet would run in place of showing it, and what we make of that.

https://owasp.org/www-community/attacks/CSV_Injection
"""


class Format(StrEnum):
    """How a table is written."""

    CSV = "csv"
    """RFC 4180 in UTF-8; the first line names the columns."""
    NDJSON = "ndjson"
    """One JSON object a line."""

    @property
    def media_type(self) -> str:
        """What HTTP calls it."""
        return "text/csv" if self is Format.CSV else "application/x-ndjson"


def text(value: Any) -> str:  # noqa: ANN401 - of any row
    """A value in a cell: nothing for None, times by ISO 8601, the rest as it says itself."""
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def same(cell: str) -> str:
    """A cell whose text is the value."""
    return cell


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, as the GraphQL schema has it, and the field of a row behind it."""

    name: str
    field: str
    to_cell: Callable[[Any], str] = text
    of_cell: Callable[[str], Any] = same
    empty: Any = None
    """What an empty cell and JSON's null stand for."""

    def value(self, raw: Any) -> Any:  # noqa: ANN401 - a cell, or what JSON has
        """What a cell or a value of JSON says; the rules for it are checked elsewhere."""
        if raw is None or raw == "":
            return self.empty
        return self.of_cell(raw) if isinstance(raw, str) else raw


def head(kind: Format, columns: Sequence[Column]) -> bytes:
    """What stands before all rows."""
    return _csv([[column.name for column in columns]]) if kind is Format.CSV else b""


def body(kind: Format, columns: Sequence[Column], rows: Iterable[Row]) -> bytes:
    """Some rows, each on a line of its own; cells may have line breaks, in quotation marks."""
    if kind is Format.CSV:
        return _csv([[harmless(at.to_cell(row.get(at.field))) for at in columns] for row in rows])
    said = ({column.name: row.get(column.field) for column in columns} for row in rows)
    return b"".join(
        orjson.dumps(one, default=str, option=orjson.OPT_APPEND_NEWLINE) for one in said
    )


def harmless(cell: str) -> str:
    """The cell with a ' before it if a spreadsheet would take it for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def as_said(cell: str) -> str:
    """What `harmless` was given."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue().encode()
