"""What a command says: tables for people, lines with tabs for pipes, JSON for programs.

Only the answer goes to standard output. What is said about it goes to standard error, and only to a
terminal there.
"""

import json
import re
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cli import moments

if TYPE_CHECKING:
    from rich.console import Console

Columns = Mapping[str, str]
"""Headings, and the path of each one's value, as `client.phone`."""
_MOMENT = re.compile(r"(At|^at|timestamp|Finish|[Ss]ince|[Uu]ntil)$")
_INVISIBLE = {"Cc", "Cf", "Zl", "Zp", "Cs"}


@dataclass(frozen=True)
class Screen:
    """Standard output, and how it is to be written."""

    as_json: bool

    @property
    def is_terminal(self) -> bool:
        """Whether a person looks at it."""
        return not self.as_json and sys.stdout.isatty()

    @cached_property
    def console(self) -> "Console":
        """The terminal."""
        from rich.console import Console

        return Console(highlight=False, emoji=False, markup=False)

    def page(self, connection: Mapping[str, Any], columns: Columns) -> None:
        """One page of a list, as the API's connections have it."""
        if self.as_json:
            self.json(connection)
            return
        self._rows(connection["nodes"], columns)
        info = connection["pageInfo"]
        total = f" of {connection['totalCount']}" if "totalCount" in connection else ""
        if info["hasNextPage"]:
            self.aside(f"{len(connection['nodes'])}{total}; go on with --after {info['endCursor']}")

    def rows(self, found: Sequence[Mapping[str, Any]], columns: Columns) -> None:
        """A whole list."""
        if self.as_json:
            self.json(found)
        else:
            self._rows(found, columns)

    def one(self, found: Mapping[str, Any], fields: Columns) -> None:
        """One object, a line for each of its fields that says something."""
        if self.as_json:
            self.json(found)
            return
        told = {name: self._text(found, path) for name, path in fields.items()}
        if not self.is_terminal:
            for name, text in told.items():
                self.line(f"{name}\t{text}")
            return
        width = max(map(len, told))
        for name, text in told.items():
            if text:
                self.styled((name.ljust(width), "cyan"), ("  " + text, ""))

    def json(self, value: object) -> None:
        """A document, on a line of its own where a program reads it."""
        indent = 2 if sys.stdout.isatty() else None
        print(json.dumps(value, indent=indent, ensure_ascii=False), flush=True)  # noqa: T201

    def event(self, value: Mapping[str, Any], *parts: tuple[str, str]) -> None:
        """One of a stream: the value in JSON, or its parts with their styles."""
        if self.as_json:
            print(json.dumps(value, ensure_ascii=False), flush=True)  # noqa: T201 - it is a command
        elif self.is_terminal:
            self.styled(*parts)
        else:
            told = (stripped for text, _ in parts if (stripped := text.strip(" ")))
            self.line("\t".join(told).replace("\t\n\t", "\n"))

    def styled(self, *parts: tuple[str, str]) -> None:
        """A line of parts on the terminal, which alone may wrap it."""
        from rich.text import Text

        self.console.print(Text.assemble(*parts), soft_wrap=True)

    def line(self, text: str) -> None:
        """A plain line, there at once."""
        print(text, flush=True)  # noqa: T201 - it is a command

    def aside(self, text: str) -> None:
        """Something about the answer, if a person is there to read it."""
        if sys.stderr.isatty():
            print(text, file=sys.stderr, flush=True)  # noqa: T201 - it is a command

    def trouble(self, text: str) -> None:
        """Something that whoever watches must know, terminal or not."""
        print(f"belfry: {text}", file=sys.stderr, flush=True)  # noqa: T201 - it is a command

    def moment(self, told: str) -> str:
        """A moment of the API as this output has it."""
        return moments.shown(told, zone=not self.is_terminal)

    def _rows(self, found: Sequence[Mapping[str, Any]], columns: Columns) -> None:
        if not self.is_terminal:
            for each in found:
                self.line("\t".join(self._text(each, path) for path in columns.values()))
            return
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
        for name, path in columns.items():
            # An id is there to be copied, so it is never cut; nor is a moment.
            whole = name == "id" or _MOMENT.search(path) is not None
            table.add_column(name, no_wrap=whole, overflow="fold")
        for each in found:
            table.add_row(*(Text(self._text(each, path)) for path in columns.values()))
        self.console.print(table)

    def _text(self, found: Mapping[str, Any], path: str) -> str:
        value: Any = found
        for name in path.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        if isinstance(value, str) and _MOMENT.search(path):
            return self.moment(value)
        return clean(text(value))


def text(value: object) -> str:
    """A value of the API in words."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(text, value))
        case dict():
            return json.dumps(value, ensure_ascii=False) if value else ""
        case _:
            return str(value)


def clean(said: str) -> str:
    """A text of anybody's on one line, without what would steer the terminal or turn its lines."""
    if said.isprintable():
        return said
    return "".join(_visible(sign) for sign in said)


def _visible(sign: str) -> str:
    if sign in "\n\r\t":
        return " "
    if sign != "\u200d" and unicodedata.category(sign) in _INVISIBLE:
        return "\N{REPLACEMENT CHARACTER}"
    return sign
