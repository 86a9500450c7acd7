"""Options that several commands take."""

import sys
from typing import Annotated

import typer

from core.errors import Invalid

First = Annotated[int, typer.Option(min=1, max=100, help="At most so many.")]
After = Annotated[str | None, typer.Option(help="Go on after this cursor.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="As the lists show it.")]
Key = Annotated[
    str | None,
    typer.Option("--idempotency-key", help="A repeat under it gets the first answer, for 24 h."),
]
Operators = Annotated[list[str] | None, typer.Option("--operator", help="Operator code; repeat.")]
Groups = Annotated[list[str] | None, typer.Option("--group", help="Name of a group; repeat.")]
Segments = Annotated[list[str] | None, typer.Option("--segment", help="Name of a segment; repeat.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="Tag; repeat.")]
Channels = Annotated[list[str] | None, typer.Option("--channel", help="As email; repeat.")]


def given(**values: object) -> dict[str, object]:
    """What was said: an option that was left out leaves its field out as well."""
    return {name: value for name, value in values.items() if value is not None}


def enums(said: list[str] | None) -> list[str] | None:
    """Names of the API's enums, said as people write them: `sending-api`."""
    return [each.upper().replace("-", "_") for each in said or ()] or None


def words(said: str | None) -> str | None:
    """A text of an option; `-` stands for all of standard input."""
    return sys.stdin.read() if said == "-" else said


def hours(said: str | None) -> dict[str, str] | None:
    """A window on the wall clock; the API checks its two ends. Raises Invalid."""
    if said is None:
        return None
    first, dash, last = said.partition("-")
    if not dash:
        raise Invalid(f"--window takes two times of day, as 09:00-21:00, not {said!r}")
    return {"from": first.strip(), "to": last.strip()}
