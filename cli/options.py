"""Options that several commands take."""

from typing import Annotated

import typer

First = Annotated[int, typer.Option(min=1, max=100, help="At most so many.")]
After = Annotated[str | None, typer.Option(help="Go on after this cursor.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="As the lists show it.")]
Key = Annotated[
    str | None,
    typer.Option("--idempotency-key", help="A repeat under it gets the first answer, for 24 h."),
]
Operators = Annotated[list[str] | None, typer.Option("--operator", help="Operator code; repeat.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="Tag; repeat.")]


def given(**values: object) -> dict[str, object]:
    """What was said: an option that was left out leaves its field out as well."""
    return {name: value for name, value in values.items() if value is not None}
