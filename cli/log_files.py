"""Lines of logs, of several files in the order of their time, without ever having many at once."""

import gzip
import heapq
import sys
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import orjson

from core.errors import Invalid

STDIN = "-"
LONGEST = 1_048_576
"""Bytes of a line; our own are a tenth of it."""


@dataclass(slots=True)
class Read:
    """What was read so far."""

    lines: int = 0
    broken: int = 0
    """Lines that are no event: cut, too long, or of another program."""


def lines(names: Iterable[str], read: Read) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Each line as it is and as it reads; raises Invalid for a file that can't be read."""
    files = [_events(name, read) for name in names]
    return heapq.merge(*files, key=lambda found: found[1]["timestamp"])


def of_folder(folder: Path) -> list[str]:
    """The logs that `belfry up` keeps in its folder."""
    logs = folder / "logs"
    return [str(path) for path in sorted(logs.glob("*.log")) if path.name.startswith(_OURS)]


_OURS = ("api.", "worker.")


def _events(name: str, read: Read) -> Iterator[tuple[bytes, dict[str, Any]]]:
    try:
        with _opened(name) as file:
            for line in _whole(file, read):
                read.lines += 1
                event = _event(line)
                if event is None:
                    read.broken += 1
                else:
                    yield line, event
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise Invalid(f"can't read {name}: {reason}") from None


def _opened(name: str) -> IO[bytes]:
    if name == STDIN:
        return sys.stdin.buffer
    if name.endswith(".gz"):
        return cast("IO[bytes]", gzip.open(name, "rb"))
    return Path(name).open("rb")


def _whole(file: IO[bytes], read: Read) -> Iterator[bytes]:
    """The lines; of one that is too long nothing."""
    skipping = False
    while line := file.readline(LONGEST):
        ends = line.endswith(b"\n")
        if not skipping and (ends or len(line) < LONGEST):
            yield line.rstrip(b"\r\n")
        elif not skipping:
            read.lines, read.broken = read.lines + 1, read.broken + 1
        skipping = not ends and len(line) == LONGEST


def _event(line: bytes) -> dict[str, Any] | None:
    try:
        said = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(said, dict) or not isinstance(said.get("timestamp"), str):
        return None
    return said if isinstance(said.get("event"), str) else None
