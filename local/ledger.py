"""What the emulator of an outside service has accepted: append-only, in memory and on disk."""

import os
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from core import clock

KEPT = 200_000
"""Entries kept in memory; the file, where there is one, has all of them."""

PIECE = 256 * 1024
"""Octets read from the file at once."""


class Ledger:
    """Lines of JSON; the counts stay exact.

    Each is `{"at", "came", "id", ..., "repeat"}`: when it was accepted and when its request was
    there (ISO 8601, UTC), by what the sender knows it, what it was, and its place among those of
    the same id. With a path, each line is written at once, so that it survives the emulator's death.
    """

    def __init__(self, path: Path | None = None, keep: int = KEPT) -> None:
        """Take up what the file at `path` already holds; raises OSError."""
        self.count = 0
        self._keep = keep
        self._times: Counter[int | str] = Counter()
        self._lines: list[bytes] = []
        self._file = None if path is None else self._take_up(path)

    @property
    def distinct(self) -> int:
        """How many ids were accepted."""
        return len(self._times)

    @property
    def repeats(self) -> int:
        """How many acceptances were of an id that had been accepted before."""
        return self.count - self.distinct

    def accept(self, ident: int | str, came: datetime | None = None, **what: object) -> None:
        """Write down an acceptance now, of a request that came then."""
        now = clock.now()
        entry = {
            "at": now.isoformat(),
            "came": (came or now).isoformat(),
            "id": ident,
            **what,
            "repeat": self._times[ident] + 1,
        }
        # The sum is a copy of the right size; what orjson gives holds on to a kilobyte.
        line = orjson.dumps(entry) + b"\n"
        if self._file is not None:
            os.write(self._file, line)
        self._note(ident, line)

    def after(self, place: int, limit: int) -> list[bytes]:
        """Up to `limit` lines from behind the place (the first line's is 1), oldest first."""
        start = max(place - self._forgotten, 0)
        return self._lines[start : start + limit]

    def newest(self, limit: int) -> list[bytes]:
        """The last `limit` lines, oldest first."""
        return self.after(max(self.count - limit, 0), limit)

    def entries(self) -> list[dict[str, Any]]:
        """Everything kept, read."""
        return [orjson.loads(line) for line in self._lines]

    def chunks(self, size: int = 1_000) -> Iterator[bytes]:
        """Everything, from the file where there is one; else all that is kept, by `size` lines."""
        if self._file is not None:
            yield from _pieces(self._file)
            return
        place = self._forgotten
        while lines := self.after(place, size):
            yield b"".join(lines)
            place += len(lines)

    def clear(self) -> None:
        """Forget everything, on disk as well."""
        self.count = 0
        self._times.clear()
        self._lines.clear()
        if self._file is not None:
            os.ftruncate(self._file, 0)

    def close(self) -> None:
        """Close the file; nothing can be accepted any more."""
        if self._file is not None:
            os.close(self._file)

    @property
    def _forgotten(self) -> int:
        return self.count - len(self._lines)

    def _note(self, ident: int | str, line: bytes) -> None:
        self.count += 1
        self._times[ident] += 1
        self._lines.append(line)
        if len(self._lines) > self._keep * 5 // 4:  # seldom, because it moves all that stay
            del self._lines[: -self._keep]

    def _take_up(self, path: Path) -> int:
        """Open the file for appending; a last line that a crash has cut is dropped."""
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        whole = 0
        with path.open("rb") as lines:
            for line in lines:
                if line.endswith(b"\n"):
                    whole += len(line)
                    self._note(orjson.loads(line)["id"], line)
        os.ftruncate(file, whole)
        return file


def _pieces(file: int) -> Iterator[bytes]:
    """The file as it is now; what is written meanwhile is left out."""
    place, end = 0, os.fstat(file).st_size
    while place < end and (piece := os.pread(file, min(PIECE, end - place), place)):
        yield piece
        place += len(piece)
