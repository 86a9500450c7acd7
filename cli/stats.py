"""`belfry stats`: messages by status."""

from typing import Annotated

import typer

from cli.command import Call, command
from cli.server import Refused

_COUNTS = "total byStatus { status count }"
ALL = f"query AllStatistics {{ statistics {{ {_COUNTS} }} }}"
ONE = f"query Statistics($id: ID!) {{ mailing(id: $id) {{ statistics {{ {_COUNTS} }} }} }}"


def join(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "stats")(stats)


async def stats(
    call: Call, mailing: Annotated[str | None, typer.Option(help="Only of this mailing.")] = None
) -> None:
    """Messages by status, of all mailings or of one."""
    if mailing is None:
        found = await call.ask(ALL)
    else:
        of_one = await call.ask(ONE, id=mailing)
        if of_one is None:
            raise Refused("mailing: there is no such mailing; `belfry mailings list` shows them")
        found = of_one["statistics"]
    if call.screen.as_json:
        call.screen.json(found)
        return
    counts = [*found["byStatus"], {"status": "total", "count": found["total"]}]
    call.screen.rows(counts, {"status": "status", "messages": "count"})
