"""What `belfry up` says: one screen of links and tokens, then a line for whatever happens."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from local.children import gist

_SHOWN_AT_ONCE = 3
_READ_AT_ONCE = 1_000_000
_TROUBLE = ("error", "critical")


class Screen:
    """Writes to the terminal, where a token must stay in one piece for copying."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)

    def line(self, text: str, style: str = "") -> None:
        """One line, which only the terminal itself may wrap."""
        self._console.print(Text(text, style=style), soft_wrap=True)

    def welcome(self, links: Mapping[str, str], tokens: Mapping[str, str], call: str) -> None:
        """The links, a token per role, and a call to try."""
        self.line("Belfry is up. Ctrl-C stops it.", "bold green")
        self._list(links)
        self.line("")
        self.line("A token per role:", "bold")
        self._list(tokens)
        self.line("")
        self.line("Try it:", "bold")
        self.line(call)

    def _list(self, entries: Mapping[str, str]) -> None:
        width = max(map(len, entries))
        for name, value in entries.items():
            self._console.print(
                Text.assemble("  ", (name.ljust(width), "cyan"), "  ", value), soft_wrap=True
            )


class Troubles:
    """Reads on in the logs of our own processes for errors and tracebacks in their lines of JSON."""

    def __init__(self, logs: Mapping[str, Path]) -> None:
        self._logs = logs
        self._places = {name: _size(log) for name, log in logs.items()}

    def new(self) -> list[str]:
        """What went wrong since the last call: a few lines per process, and how many more."""
        return [line for name in self._logs for line in self._of(name)]

    def _of(self, name: str) -> list[str]:
        log = self._logs[name]
        if _size(log) < self._places[name]:
            # It was put aside at a start.
            self._places[name] = 0
        if _size(log) == self._places[name]:
            return []
        with log.open("rb") as file:
            file.seek(self._places[name])
            read = file.read(_READ_AT_ONCE)
        # The last line may still be under way; but one that is too long is passed over.
        whole = read[: read.rfind(b"\n") + 1] or (read if len(read) == _READ_AT_ONCE else b"")
        self._places[name] += len(whole)
        told = [gist(line) for line in whole.decode(errors="replace").split("\n") if _tells(line)]
        return _shortened(name, told, log)


def _shortened(name: str, told: Sequence[str], log: Path) -> list[str]:
    lines = [f"{name}: {line}" for line in told[:_SHOWN_AT_ONCE]]
    if len(told) > _SHOWN_AT_ONCE:
        lines.append(f"{name}: and {len(told) - _SHOWN_AT_ONCE} more in {log}")
    return lines


def _tells(line: str) -> bool:
    if not line.startswith("{"):
        return False
    try:
        entry = json.loads(line)
    except ValueError:
        return False
    return entry.get("level") in _TROUBLE or "exception" in entry


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
