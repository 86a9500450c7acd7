"""The command `belfry api-key`. What it needs is imported inside, so that others start fast."""

import asyncio
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import Invalid
from rules.roles import Role

if TYPE_CHECKING:
    from models.api_key import ApiKey

app = typer.Typer(help="Make, end and list keys of other services.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Option(help="What it is for.")],
    role: Annotated[Role, typer.Option(help="What its bearer may do.")],
    days: Annotated[float | None, typer.Option(min=0.01, help="Else it stays.")] = None,
) -> None:
    """Make a key and print its secret, which is told only now."""
    from core import settings
    from jobs import api_keys

    lifetime = None if days is None else timedelta(days=days)
    made = asyncio.run(api_keys.create(settings.load(), name, role, lifetime))
    typer.echo(made.secret)


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(help="Its id: what `list` says first.")],
) -> None:
    """End a key everywhere."""
    from bson import ObjectId

    from core import settings
    from jobs import api_keys

    if not re.fullmatch("[0-9a-f]{24}", key):
        raise Invalid("an id has 24 hex digits; `belfry api-key list` tells them")
    revoked = asyncio.run(api_keys.revoke(settings.load(), ObjectId(key)))
    typer.echo(f"{key} is revoked since {revoked.revoked_at:%F %T} UTC")


@app.command(name="list")
def list_all() -> None:
    """Print all keys, the newest first: id, role, state, last use, name."""
    from core import settings
    from jobs import api_keys

    async def run() -> None:
        async for key in api_keys.every(settings.load()):
            typer.echo(_line(key))

    asyncio.run(run())


def _line(key: "ApiKey") -> str:
    state = f"until {key.expires_at:%F}" if key.expires_at else "stays"
    if key.revoked_at:
        state = f"revoked {key.revoked_at:%F}"
    used = f"used {key.last_used_at:%F %R}" if key.last_used_at else "never used"
    return f"{key.id}  {key.role:8}  {state:18}  {used:21}  {key.name}"
