"""NDJSON that comes in pieces of any size: an object a line, whatever is wrong with some."""

from collections.abc import Iterator
from typing import Any

import orjson

from rules.csv_reader import Broken

LONGEST = 131_072
"""Bytes of a line."""
_MARK = b"\xef\xbb\xbf"


class NdjsonReader:
    """Reads one file."""

    def __init__(self) -> None:
        self._part: list[bytes] = []
        self._size = 0
        self._line = 1

    def feed(self, said: bytes) -> Iterator[tuple[int, dict[str, Any]] | Broken]:
        """What the next bytes complete."""
        *whole, rest = said.split(b"\n")
        for piece in whole:
            self._add(piece)
            yield from self._finish()
        self._add(rest)

    def close(self) -> Iterator[tuple[int, dict[str, Any]] | Broken]:
        """What the end of the file completes."""
        yield from self._finish()

    def _add(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > LONGEST:
            self._part.clear()
        elif piece:
            self._part.append(piece)

    def _finish(self) -> Iterator[tuple[int, dict[str, Any]] | Broken]:
        line, said, size = self._line, b"".join(self._part), self._size
        self._line, self._part, self._size = line + 1, [], 0
        if line == 1:
            said = said.removeprefix(_MARK)
        if size > LONGEST:
            yield Broken(line, f"is longer than {LONGEST} bytes", is_too_long=True)
        elif said.strip():
            yield _object(line, said)


def _object(line: int, said: bytes) -> tuple[int, dict[str, Any]] | Broken:
    try:
        found = orjson.loads(said)
    except orjson.JSONDecodeError:
        return Broken(line, "is not JSON in UTF-8, or nested too deeply")
    if not isinstance(found, dict):
        return Broken(line, 'is no JSON object, such as {"phone": "79991234567"}')
    return line, found
