"""CSV that comes in pieces of any size: records with their lines, whatever is wrong with some.

What a record is, Python's csv module says, in its strict mode.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

LONGEST = 65_536
"""Characters of a record. With a piece as long, a field stays below the limit of the csv module."""
PIECE = 65_536
DELIMITERS = (",", ";", "\t")

_QUOTED = re.compile(r'"[^"]*"')
_NOT_UTF_8 = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True, slots=True)
class Record:
    """Some cells, and the line that they begin on."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Broken:
    """What was read there instead of a record."""

    line: int
    message: str
    is_too_long: bool = False


Read: TypeAlias = Record | Broken


class _MoreError(Exception):
    """The record goes on in the next line."""


class _Lines:
    """The lines that a reader of the csv module asks for."""

    def __init__(self) -> None:
        self.left: list[str] = []

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if not self.left:
            raise _MoreError
        return self.left.pop(0)


class CsvReader:
    """Reads one file. The first line says whether commas, semicolons or tabs part its cells."""

    def __init__(self) -> None:
        utf_8 = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
        # It never parts CR from LF.
        self._decoder = io.IncrementalNewlineDecoder(utf_8, translate=False)
        self._lines = _Lines()
        self._csv = csv.reader(self._lines, strict=True)
        self._is_first = True
        self._ended = 0
        """Lines that have come to their end."""
        self._began = 1
        """The line of the record that is under way."""
        self._part: list[str] = []
        """Of a line that has not ended yet."""
        self._record: list[str] = []
        self._size = 0
        """Characters of both."""
        self._is_open = False
        """Whether the record is inside quotation marks."""

    def feed(self, said: bytes) -> Iterator[Read]:
        """What the next bytes complete."""
        for start in range(0, len(said), PIECE):
            yield from self._take(self._decoder.decode(said[start : start + PIECE]))

    def close(self) -> Iterator[Read]:
        """What the end of the file completes."""
        yield from self._take(self._decoder.decode(b"", final=True))
        self._add()
        if self._is_open:
            message = "opens a quotation mark that is never closed; nothing after it was read"
            yield Broken(self._began, message)
        elif self._size:
            yield from self._finish()

    def _take(self, text: str) -> Iterator[Read]:
        for piece in io.StringIO(text, newline=""):
            self._part.append(piece)
            self._size += len(piece)
            if piece[-1] in "\r\n":
                self._add()
                self._ended += 1
                if not self._is_open:
                    yield from self._finish()
            elif self._size > LONGEST:
                self._add()

    def _add(self) -> None:
        """Add to the record what has come of the line, and see whether it goes on after that."""
        said = "".join(self._part)
        self._part.clear()
        if self._is_first and said:
            self._choose_delimiter(said)
        if '"' in said:
            self._is_open = self._opens(f'"{said}' if self._is_open else said)
        if self._size > LONGEST:
            self._record.clear()
        else:
            self._record.append(said)

    def _choose_delimiter(self, line: str) -> None:
        bare = _QUOTED.sub("", line)
        delimiter = max(DELIMITERS, key=bare.count)
        self._csv = csv.reader(self._lines, strict=True, delimiter=delimiter)
        self._is_first = False

    def _opens(self, said: str) -> bool:
        self._lines.left = [said]
        try:
            next(self._csv)
        except _MoreError:
            return True
        except csv.Error:
            pass
        return False

    def _finish(self) -> Iterator[Read]:
        line, lines, size = self._began, self._record, self._size
        self._began, self._record, self._size = self._ended + 1, [], 0
        if size > LONGEST:
            message = f"is longer than {LONGEST} characters; is a quotation mark left open?"
            yield Broken(line, message, is_too_long=True)
        elif not all(map(str.isascii, lines)) and any(map(_NOT_UTF_8.search, lines)):
            yield Broken(line, "is not in UTF-8; save the file in that encoding")
        elif any("\0" in said for said in lines):
            yield Broken(line, "has NUL bytes; save the file as plain text in UTF-8")
        else:
            yield from self._parse(line, lines)

    def _parse(self, line: int, lines: list[str]) -> Iterator[Read]:
        self._lines.left = lines
        try:
            cells = next(self._csv)
        except csv.Error as error:
            yield Broken(
                line, f"is not CSV ({error}); put cells with quotation marks in such marks"
            )
        else:
            if cells:  # an empty line has none
                yield Record(line, cells)
