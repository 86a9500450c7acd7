"""Reads the shell of our documentation: plain commands, pipes, loops, here-documents."""

import re
import shlex
from collections.abc import Iterator

_HERE = re.compile(r"<<-?(['\"]?)(\w+)\1(?P<rest>[^\n]*)\n.*?\n[ \t]*\2(?=\n|$)", re.DOTALL)
_INNER = r"\$\((?P<{}>(?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)"
_TOKEN = re.compile(
    rf"""
      (?P<space>[ \t]+|\\\n)
    | (?P<comment>\#[^\n]*)
    | (?P<redirect>\d?(?:>>|>&|<<<|>|<|&>)[ \t]*)
    | (?P<cut>\n|;;?|&&?|\|\|?|[()])
    | (?P<word>(?:'[^']*'|"(?:\\.|\$\([^)]*\)|[^"\\])*"|{_INNER.format("call")}|\$\{{[^}}]*\}}|\\.|[^\s'"\\;&|()<>])+)
    """,
    re.VERBOSE | re.DOTALL,
)
_CALL = re.compile(_INNER.format("call"))
_GIVEN = re.compile(r"\w+=")
_KEYWORDS = {"if", "then", "else", "elif", "fi", "while", "until", "do", "done", "!", "{", "}"}


def commands(text: str) -> Iterator[list[str]]:
    """Each command with its arguments, unquoted; also those inside of `$(...)`.

    Redirections, comments, keywords and assignments are left out. Raises ValueError on what is
    not known here.
    """
    text = _HERE.sub(lambda match: match["rest"], text)
    words: list[str] = []
    for token in _tokens(text):
        if token is not None:
            words.append(token)
            yield from _called(token)
        elif words:
            yield from _command(words)
            words = []


def functions(text: str) -> set[str]:
    """The names of the functions that a script defines."""
    return set(re.findall(r"^(\w+)\(\) *\{", text, re.MULTILINE))


def _tokens(text: str) -> Iterator[str | None]:
    """The words as they stand, and None after each command."""
    at, skip = 0, False
    while at < len(text):
        if not (match := _TOKEN.match(text, at)):
            raise ValueError(f"shell of a kind unknown here: {text[at : at + 40]!r}")
        at = match.end()
        match match.lastgroup:
            case "redirect":
                skip = True
            case "cut":
                yield None
            case "space" | "comment":
                pass
            case _ if skip:
                skip = False
            case _:
                yield match["word"]
    yield None


def _called(word: str) -> Iterator[list[str]]:
    if not word.startswith("'"):
        for match in _CALL.finditer(word):
            yield from commands(match["call"])


def _command(words: list[str]) -> Iterator[list[str]]:
    while words and (words[0] in _KEYWORDS or _GIVEN.match(words[0])):
        words = words[1:]
    if words and words[0] != "for":
        yield [part for word in words for part in shlex.split(_CALL.sub("$ANSWER", word))]
