"""The command `belfry migrate`. What it needs is imported inside, so that others start fast."""

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import Unavailable

if TYPE_CHECKING:
    from core.settings import Settings

DUE = 1
"""Exit code of `--check` where migrations are left to do."""


def migrate(
    check: Annotated[
        bool, typer.Option("--check", help="Only say what is left to do, and exit 1 if anything.")
    ] = False,
) -> None:
    """Bring the database to the version of this code, as every process does at its start."""
    from core import settings

    due = asyncio.run(_migrate(settings.load(), check=check))
    if check and due:
        sys.exit(DUE)


async def _migrate(settings: "Settings", *, check: bool) -> bool:
    """Whether anything was left to do; raises Unavailable, and ConfigurationError on a newer database."""
    from pymongo.errors import PyMongoError

    from core.parts import open_parts
    from services import migrations

    try:
        async with open_parts(settings) as parts:
            there = await migrations.version(parts)
            steps = await migrations.due(parts)
            typer.echo(f"the database is at version {there}, this code at {migrations.latest()}")
            done = [] if check else await migrations.migrate(parts)
    except PyMongoError as error:
        raise Unavailable(f"MongoDB doesn't answer: {error}") from None
    for step in steps if check else done:
        typer.echo(f"{step.number}: {step.what}: {'to be done' if check else 'done'}")
    return bool(steps)
