"""docs/errors.md names every code that a client may meet, and no other."""

import re
from pathlib import Path

from core import errors
from core.errors import BelfryError, ConfigurationError, Problem
from graph import body, rejection

PAGE = (Path(__file__).parents[1] / "docs" / "errors.md").read_text(encoding="utf-8")
EDGE = {rejection.BAD_REQUEST, body.TOO_LARGE}


def told(heading: str) -> list[str]:
    """The codes in the table below a heading."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `([A-Z_]+)` \|", section, re.MULTILINE)


def every(kind: type[BelfryError]) -> set[type[BelfryError]]:
    """The kind and all those below it."""
    return {kind}.union(*map(every, kind.__subclasses__()))


def test_every_code_of_a_mistake_is_explained_once() -> None:
    assert sorted(told("Codes of mistakes in an input")) == sorted(Problem)


def test_every_code_of_a_top_level_error_is_explained_once() -> None:
    ours = {kind for kind in every(BelfryError) if kind.__module__ == errors.__name__}
    codes = {kind.code for kind in ours - {ConfigurationError}}  # it stops the process at start
    assert sorted(told("Codes of top-level errors")) == sorted(codes | EDGE)


def test_the_status_of_each_code_is_told() -> None:
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| ([\d, ]*)\|", PAGE, re.MULTILINE))
    for code, status in rejection.STATUS.items():
        assert str(status) in rows[code], code
