"""`belfry export messages`, `attempts` and `history`: what was sent, for a warehouse elsewhere."""

from typing import Annotated

import typer

from cli import exports, moments
from cli.command import Call, command
from cli.exports import Out
from cli.imports import STDIN, Format

Mailing = Annotated[str | None, typer.Option(help="Only of this mailing: its ID.")]
Channels = Annotated[list[str] | None, typer.Option("--channel", help="EMAIL and so on; repeat.")]
Statuses = Annotated[list[str] | None, typer.Option("--status", help="SENT and so on; repeat.")]
Verdicts = Annotated[list[str] | None, typer.Option("--verdict", help="REFUSED...; repeat.")]
Since = Annotated[str | None, typer.Option(help=f"Not before: {moments.EXAMPLES}.")]
Until = Annotated[str | None, typer.Option(help="Before; likewise.")]
First = Annotated[
    str | None, typer.Option("--from", help="YYYY-MM-DD in UTC; else 29 days before.")
]
Last = Annotated[str | None, typer.Option("--to", help="Likewise; else today.")]


def join(app: typer.Typer) -> None:
    """Add them to `belfry export`."""
    command(app, "messages")(messages)
    command(app, "attempts")(attempts)
    command(app, "history")(history)


async def messages(
    call: Call,
    out: Out = STDIN,
    kind: Format = None,
    mailing: Mailing = None,
    channel: Channels = None,
    status: Statuses = None,
    since: Since = None,
    until: Until = None,
) -> None:
    """Messages; given a time, those that ended then, in that order."""
    said = _many(channel=channel, status=status) + _one(mailing=mailing) + _span(since, until)
    await exports.write(call, "/messages/export", said, out, kind)


async def attempts(
    call: Call,
    out: Out = STDIN,
    kind: Format = None,
    mailing: Mailing = None,
    channel: Channels = None,
    verdict: Verdicts = None,
    since: Since = None,
    until: Until = None,
) -> None:
    """Attempts; given a time, those that were made then."""
    said = _many(channel=channel, verdict=verdict) + _one(mailing=mailing) + _span(since, until)
    await exports.write(call, "/attempts/export", said, out, kind)


async def history(
    call: Call,
    out: Out = STDIN,
    kind: Format = None,
    first: First = None,
    last: Last = None,
    channel: Channels = None,
    status: Statuses = None,
) -> None:
    """How messages ended: a line for each day, channel, template, topic, status and provider."""
    said = _many(channel=channel, status=status) + _one(**{"from": first, "to": last})
    await exports.write(call, "/history/export", said, out, kind)


def _many(**said: list[str] | None) -> list[tuple[str, str]]:
    return [(name, value) for name, values in said.items() for value in values or ()]


def _one(**said: str | None) -> list[tuple[str, str]]:
    return [(name, value) for name, value in said.items() if value is not None]


def _span(since: str | None, until: str | None) -> list[tuple[str, str]]:
    said = _one(since=since, until=until)
    return [(name, moments.moment(f"--{name}", value)) for name, value in said]
