"""`belfry send`: the one verb for e-mail, messengers and the sending API; and `belfry sends`."""

from typing import Annotated

import typer

from cli.command import Call, command
from cli.moments import EXAMPLES, moment
from cli.options import After, Channels, First, Id, Key, enums, given, hours, words
from cli.pairs import pairs
from cli.recipients import recipient
from cli.server import Refused
from core.errors import Invalid

app = typer.Typer(help="What was sent, and what became of it.", no_args_is_help=True)

_SEND = """id by at status lane channels topic startAt endAt
    template { slug version }
    to { recipients group segment all }
    statistics { total byStatus { status count } }"""
SEND = f"""mutation Send($input: SendInput!) {{
  send(input: $input) {{
    send {{ {_SEND} }} errors {{ field message code }}
  }}
}}"""
LIST = f"""query Sends($first: Int!, $after: String) {{
  sends(first: $first, after: $after) {{
    totalCount nodes {{ {_SEND} }} pageInfo {{ hasNextPage endCursor }}
  }}
}}"""
SHOW = f"query Send($id: ID!) {{ send(id: $id) {{ {_SEND} }} }}"
MESSAGES = """query SendMessages($id: ID!, $first: Int!, $after: String) {
  send(id: $id) {
    messages(first: $first, after: $after) {
      nodes {
        id status why channel address attemptCount dueAt sentAt
        attempts { number startedAt durationMs verdict code answer }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}"""

COLUMNS = {
    "id": "id",
    "status": "status",
    "starts": "startAt",
    "ends": "endAt",
    "messages": "statistics.total",
    "template": "template.slug",
    "group": "to.group",
}
FIELDS = {
    **COLUMNS,
    "version": "template.version",
    "recipients": "to.recipients",
    "segment": "to.segment",
    "all": "to.all",
    "lane": "lane",
    "channels": "channels",
    "topic": "topic",
    "by": "by",
}
MESSAGE = {
    "id": "id",
    "status": "status",
    "channel": "channel",
    "address": "address",
    "attempts": "attemptCount",
    "due": "dueAt",
    "sent": "sentAt",
    "why": "why",
}
TO = "79161234567, email:ada@example.com, user:65f0c3a1b2c3d4e5f6a7b8c9, contact:Ada; repeat."
_CONTACT = "contact:"


def join(belfry: typer.Typer) -> None:
    """Add the command."""
    command(belfry, "send")(send)


async def send(
    call: Call,
    template: Annotated[str | None, typer.Option(help="Slug of a template.")] = None,
    text: Annotated[
        str | None, typer.Option(help="Words of your own; `-` reads standard input.")
    ] = None,
    subject: Annotated[str | None, typer.Option(help="For e-mail, beside --text.")] = None,
    to: Annotated[list[str] | None, typer.Option(help=TO)] = None,
    group: Annotated[str | None, typer.Option(help="To a group.")] = None,
    segment: Annotated[str | None, typer.Option(help="To a segment.")] = None,
    everyone: Annotated[
        str | None, typer.Option("--all", metavar="CLIENTS|USERS|EVERYONE", help="To all of them.")
    ] = None,
    context: Annotated[
        list[str] | None, typer.Option(help="name=text, name:=JSON or {...}; repeat.")
    ] = None,
    channel: Channels = None,
    topic: Annotated[str | None, typer.Option(help="What recipients can mute it by.")] = None,
    at: Annotated[str | None, typer.Option(help=f"Not before: {EXAMPLES}.")] = None,
    until: Annotated[str | None, typer.Option(help="Nothing leaves after; else 3 days.")] = None,
    window: Annotated[str | None, typer.Option(help="Client's own hours: 09:00-21:00.")] = None,
    lane: Annotated[str | None, typer.Option(help="personal or bulk.")] = None,
    key: Key = None,
) -> None:
    """Send a template or a text to recipients, a group, a segment or all."""
    choices = given(
        recipients=[_recipient(each) for each in to or ()] or None,
        group=group,
        segment=segment,
        all=everyone and everyone.upper(),
    )
    if len(choices) != 1:
        raise Invalid("say to whom by one of --to, --group, --segment and --all")
    if (template is None) == (text is None):
        raise Invalid("say what by one of --template and --text")
    said = given(
        to=choices,
        template=template and {"slug": template},
        words=text and given(text=words(text), subject=subject),
        context=pairs("--context", context),
        channels=enums(channel),
        topic=topic,
        startAt=at and moment("--at", at),
        endAt=until and moment("--until", until),
        window=hours(window),
        lane=lane and lane.upper(),
        idempotencyKey=key,
    )
    call.screen.one((await call.ask(SEND, input=said))["send"], FIELDS)


@command(app, "list")
async def listed(call: Call, first: First = 20, after: After = None) -> None:
    """Sends, the newest first."""
    call.screen.page(await call.ask(LIST, first=first, after=after), COLUMNS)


@command(app, "show")
async def show(call: Call, send_id: Id) -> None:
    """One send, with its messages by status."""
    found = await call.ask(SHOW, id=send_id)
    if found is None:
        raise _none()
    call.screen.one(found, FIELDS)
    if not call.screen.as_json:
        call.screen.rows(found["statistics"]["byStatus"], {"status": "status", "count": "count"})


@command(app, "messages")
async def messages(call: Call, send_id: Id, first: First = 20, after: After = None) -> None:
    """The messages of a send; in JSON with each attempt."""
    found = await call.ask(MESSAGES, id=send_id, first=first, after=after)
    if found is None:
        raise _none()
    call.screen.page(found["messages"], MESSAGE)


def _recipient(said: str) -> dict[str, str]:
    """One of `--to`: who groups know, or a contact of the sender's own."""
    if said.startswith(_CONTACT):
        return {"contactName": said.removeprefix(_CONTACT)}
    return recipient(said)


def _none() -> Refused:
    return Refused("id: there is no such send; `belfry sends list` shows them")
