"""Reading a table of known columns: what each row says of which field, and what is wrong with it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from core.errors import Checklist, FieldError, Invalid, InvalidInput, Problem
from rules.csv_reader import Broken, CsvReader
from rules.ndjson_reader import NdjsonReader
from rules.table import Column, Format, as_said

MOST_COLUMNS = 1_000
MOST_TOLD = 10
"""Unknown names in one line of NDJSON."""
_LONGEST_NAME = 64
_BETWEEN = re.compile(r"[\s_-]+")


@dataclass(frozen=True, slots=True)
class Said:
    """What a row says, by the fields of its columns; a column that is not there says nothing."""

    line: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a row. Where no one column is to blame, `field` is empty."""

    line: int
    errors: tuple[FieldError, ...]


class TableReader:
    """Reads one table. Names of columns may be written `timeZone`, `time_zone` or `Time zone`."""

    def __init__(
        self, kind: Format, columns: Sequence[Column], needed: str, *, ignore_unknown: bool = False
    ) -> None:
        """`needed` is the name of the column that must be there."""
        self._source = CsvReader() if kind is Format.CSV else NdjsonReader()
        self._columns = {_plain(column.name): column for column in columns}
        self._needed = needed
        self._ignores_unknown = ignore_unknown
        self._header: list[Column | None] | None = None
        self._known: dict[str, Column | None] = {}
        self._mistakes: dict[str, str] = {}
        """What is said of unknown names: to find what was meant by one costs more than a row."""

    def feed(self, said: bytes) -> Iterator[Said | Wrong]:
        """What the next bytes complete; raises InvalidInput where the header of a CSV is wrong."""
        for read in self._source.feed(said):
            yield from self._row(read)

    def close(self) -> Iterator[Said | Wrong]:
        """What the end of the file completes; raises InvalidInput where a CSV has no header."""
        for read in self._source.close():
            yield from self._row(read)
        if isinstance(self._source, CsvReader) and self._header is None:
            raise InvalidInput.at("header", "the file is empty; its first line names the columns")

    def _row(self, read: Any) -> Iterator[Said | Wrong]:  # noqa: ANN401 - of either source
        if isinstance(read, Broken):
            if self._header is None and isinstance(self._source, CsvReader):
                raise InvalidInput.at("header", f"line {read.line} {read.message}")
            code = Problem.TOO_LONG if read.is_too_long else Problem.INVALID
            yield Wrong(read.line, (FieldError("", f"the line {read.message}", code),))
        elif isinstance(read, tuple):
            yield self._of_object(*read)
        elif self._header is None:
            self._header = self._chosen(read.cells)
        else:
            yield self._of_cells(read.line, read.cells, self._header)

    def _of_cells(self, line: int, cells: list[str], header: list[Column | None]) -> Said | Wrong:
        if len(cells) != len(header) and (len(cells) < len(header) or any(cells[len(header) :])):
            message = f"the line has {len(cells)} cells, and the header {len(header)}"
            return Wrong(line, (FieldError("", message, Problem.INVALID),))
        pairs = zip(header, cells, strict=False)
        return _said(line, [(column, as_said(cell)) for column, cell in pairs if column])

    def _of_object(self, line: int, found: Mapping[str, Any]) -> Said | Wrong:
        checks, pairs = Checklist(), []
        for name, raw in found.items():
            column = checks.take(name[:_LONGEST_NAME], self._column, name)
            if column:
                pairs.append((column, raw))
            if len(checks.errors) == MOST_TOLD:
                break
        if checks.errors:
            return Wrong(line, checks.errors)
        if not any(column.name == self._needed for column, _ in pairs):
            return Wrong(line, (FieldError(self._needed, "is missing", Problem.BLANK),))
        return _said(line, pairs)

    def _chosen(self, names: list[str]) -> list[Column | None]:
        while names and not names[-1].strip():
            names.pop()
        checks = Checklist()
        if len(names) > MOST_COLUMNS:
            checks.add("header", f"names more than {MOST_COLUMNS} columns", Problem.TOO_MANY)
            checks.close()
        header = [checks.take(name[:_LONGEST_NAME], self._column, name) for name in names]
        found = [column.name for column in header if column]
        for name in dict.fromkeys(found):
            if found.count(name) > 1:
                checks.add(name, "the header names this column more than once")
        if self._needed not in found:
            checks.add(self._needed, "the header must name this column", Problem.BLANK)
        checks.close()
        return header

    def _column(self, name: str) -> Column | None:
        """The column of this name, None if it is to be passed over; raises Invalid."""
        if name not in self._known:
            column = self._columns.get(_plain(name[:_LONGEST_NAME]))
            if column is None and not self._ignores_unknown:
                raise Invalid(self._mistake(name[:_LONGEST_NAME]))
            if len(self._known) >= MOST_COLUMNS:
                return column
            self._known[name] = column
        return self._known[name]

    def _mistake(self, name: str) -> str:
        said = self._mistakes.get(name) or self._unknown(name)
        if len(self._mistakes) < MOST_COLUMNS:
            self._mistakes[name] = said
        return said

    def _unknown(self, name: str) -> str:
        known = [column.name for column in self._columns.values()]
        near = get_close_matches(_plain(name), self._columns, n=1)
        hint = f"did you mean {self._columns[near[0]].name}?" if near else f"use {', '.join(known)}"
        return f"there is no such column; {hint}"


def _said(line: int, pairs: list[tuple[Column, Any]]) -> Said | Wrong:
    try:
        return Said(line, {column.field: column.value(raw) for column, raw in pairs})
    except Invalid:
        pass  # of which column, and whether there are more, the slow way tells
    checks, values = Checklist(), dict[str, Any]()
    for column, raw in pairs:
        values[column.field] = checks.take(column.name, column.value, raw)
    return Wrong(line, checks.errors) if checks.errors else Said(line, values)


def _plain(name: str) -> str:
    return _BETWEEN.sub("", name).lower()
