"""Where in a template's source something stands; Jinja2 itself knows no columns."""

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from jinja2 import Environment
from jinja2.exceptions import TemplateSyntaxError
from jinja2.lexer import newline_re

_LEXER = Environment(keep_trailing_newline=True).lexer  # noqa: S701 - it reads and renders nothing
_QUOTED = re.compile(r"'([^']+)'|`([^`]+)`|\"([^\"]+)\"")
_AT = re.compile(r"unexpected char .* at ([0-9]+)", re.DOTALL)
_OPENING = frozenset({"variable_begin", "block_begin"})
_UNREAD = "unread"
"""What the lexer gave up on; the last token, if there is one."""
_SILENT = frozenset({"whitespace", "comment", "data"})


class Position(NamedTuple):
    """A place in a text; both count from 1."""

    line: int
    column: int


class _Token(NamedTuple):
    line: int
    column: int
    kind: str
    text: str


def column(source: str, line: int, message: str) -> int | None:
    """The column, within a line, of what a message quotes; else of the only tag that begins there."""
    if absolute := _AT.search(message):
        place = int(absolute[1])
        return place - _lines(source).rfind("\n", 0, place)
    there = [token for token in _tokens(source) if token.line == line]
    if there and there[-1].kind == _UNREAD and "unexpected" in message:
        return there[-1].column
    # What is meant stands last in the first sentence, as in: expected 'a', got 'b'. It may be 'c'.
    sentence, _, rest = message.partition(". ")
    for word in (*_quoted(sentence), *_quoted(rest)):
        for token in there:
            if token.text.strip("'\"") == word and token.kind != "data":
                return token.column
    tags = [token for token in there if token.kind in _OPENING]
    return tags[0].column if len(tags) == 1 else None


def of_names(source: str, names: Collection[str]) -> dict[str, Position]:
    """Where a template first takes each of these names from its context, read in one go."""
    found: dict[str, Position] = {}
    before = ""
    for token in _tokens(source):
        is_new = token.kind == "name" and token.text in names and token.text not in found
        if is_new and before not in (".", "|", "is"):
            found[token.text] = Position(token.line, token.column)
        before = before if token.kind in _SILENT else token.text
    return found


def _quoted(message: str) -> Iterator[str]:
    return ("".join(found) for found in reversed(_QUOTED.findall(message)))


def _tokens(source: str) -> Iterator[_Token]:
    """The tokens, and as the last one what the lexer gave up on."""
    text = _lines(source)
    start, line = 0, 1
    try:
        for _, kind, said in _LEXER.tokeniter(source, None):
            found = text.find(said, start)  # what a `-` strips off is no token: it is passed over
            if said and found >= 0:
                line += text.count("\n", start, found)
                yield _Token(line, found - text.rfind("\n", 0, found), kind, said)
                start, line = found + len(said), line + said.count("\n")
    except TemplateSyntaxError as error:
        found = start + len(text[start:]) - len(text[start:].lstrip())
        line += text.count("\n", start, found)
        if found < len(text) and line == error.lineno:
            yield _Token(line, found - text.rfind("\n", 0, found), _UNREAD, text[found:])


def _lines(source: str) -> str:
    """The source with the line ends that Jinja2 counts by."""
    return "\n".join(newline_re.split(source)[::2])
