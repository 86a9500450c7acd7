"""The command `belfry restored`. What it needs is imported inside, so that others start fast."""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import Invalid, Unavailable

if TYPE_CHECKING:
    from core.settings import Settings


def restored(
    until: Annotated[
        str, typer.Option(help="When the old database was lost, as 2026-11-29T22:00:00Z.")
    ],
    check: Annotated[bool, typer.Option("--check", help="Only say what would be done.")] = False,
) -> None:
    """After a restore and before workers start: hold back what may have been sent since the backup."""
    from core import settings

    asyncio.run(_restored(settings.load(), _moment(until), check=check))


async def _restored(settings: "Settings", until: datetime, *, check: bool) -> None:
    """Print what was held back; raises Unavailable."""
    from pymongo.errors import PyMongoError

    from core.parts import open_parts
    from services import restoring, start

    try:
        async with open_parts(settings) as parts:
            await start.prepare(parts)
            do = restoring.count if check else restoring.hold_back
            found = await do(parts, until)
    except PyMongoError as error:
        raise Unavailable(f"MongoDB doesn't answer: {error}") from None
    would = "would be" if check else "are"
    typer.echo(
        f"{found.messages} messages {would} uncertain; {len(found.mailings)} mailings {would} paused"
    )
    for mailing_id in found.mailings:
        typer.echo(str(mailing_id))


def _moment(said: str) -> datetime:
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Invalid("--until takes a time with its zone, as 2026-11-29T22:00:00Z")
    return moment.astimezone(UTC)
