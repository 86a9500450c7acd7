"""`belfry mailings`: what was sent to many, and what to do about it."""

from typing import Annotated

import typer

from cli.command import Call, command
from cli.moments import EXAMPLES, moment
from cli.options import After, First, Id, enums, given
from cli.server import Refused

app = typer.Typer(help="Mailings: make, follow and steer them.", no_args_is_help=True)

MAILING = """fragment Shown on Mailing {
  id name status startAt endAt channels subject text version
  audience { all operatorCodes tags groups segments }
  window { from to }
  statistics { total byStatus { status count } }
}"""
LIST = f"""query Mailings($first: Int!, $after: String, $statuses: [MailingStatus!]) {{
  mailings(first: $first, after: $after, statuses: $statuses) {{
    totalCount
    nodes {{ ...Shown }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}
{MAILING}"""
SHOW = f"""query Mailing($id: ID!) {{ mailing(id: $id) {{ ...Shown }} }}
{MAILING}"""
MESSAGES = """query Messages($id: ID!, $first: Int!, $after: String, $statuses: [MessageStatus!]) {
  mailing(id: $id) {
    messages(first: $first, after: $after, statuses: $statuses) {
      nodes {
        id status why channel address attemptCount dueAt sentAt clientId outsideId
        attempts { number startedAt durationMs verdict code answer }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}"""
_ANSWER = "pendingMessages mailing { ...Shown } errors { field message code }"
PAUSE = f"""mutation Pause($input: PauseMailingInput!) {{ pauseMailing(input: $input) {{ {_ANSWER} }} }}
{MAILING}"""
RESUME = f"""mutation Resume($input: ResumeMailingInput!) {{ resumeMailing(input: $input) {{ {_ANSWER} }} }}
{MAILING}"""
CANCEL = f"""mutation Cancel($input: CancelMailingInput!) {{ cancelMailing(input: $input) {{ {_ANSWER} }} }}
{MAILING}"""
DELETE = f"""mutation Delete($input: DeleteMailingInput!) {{ deleteMailing(input: $input) {{ {_ANSWER} }} }}
{MAILING}"""
RETRY = f"""mutation Retry($input: RetryMessagesInput!) {{
  retryMessages(input: $input) {{ count mailing {{ ...Shown }} errors {{ field message code }} }}
}}
{MAILING}"""

COLUMNS = {
    "id": "id",
    "status": "status",
    "starts": "startAt",
    "ends": "endAt",
    "messages": "statistics.total",
    "name": "name",
}
FIELDS = {
    **COLUMNS,
    "channels": "channels",
    "tags": "audience.tags",
    "groups": "audience.groups",
    "segments": "audience.segments",
    "operators": "audience.operatorCodes",
    "everyone": "audience.all",
    "from": "window.from",
    "to": "window.to",
    "subject": "subject",
    "text": "text",
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
Statuses = Annotated[list[str] | None, typer.Option("--status", help="As failed; repeat.")]


@command(app, "list")
async def listed(
    call: Call,
    status: Annotated[list[str] | None, typer.Option(help="As running; repeat.")] = None,
    first: First = 20,
    after: After = None,
) -> None:
    """Mailings, the newest first."""
    page = await call.ask(LIST, first=first, after=after, statuses=enums(status))
    call.screen.page(page, COLUMNS)


@command(app, "show")
async def show(call: Call, mailing: Id) -> None:
    """One mailing, with its messages by status."""
    found = await call.ask(SHOW, id=mailing)
    if found is None:
        raise _none()
    call.screen.one(found, FIELDS)
    if not call.screen.as_json:
        call.screen.rows(found["statistics"]["byStatus"], {"status": "status", "count": "count"})


@command(app, "messages")
async def messages(
    call: Call, mailing: Id, status: Statuses = None, first: First = 20, after: After = None
) -> None:
    """The messages of a mailing; in JSON with each attempt."""
    found = await call.ask(MESSAGES, id=mailing, first=first, after=after, statuses=enums(status))
    if found is None:
        raise _none()
    call.screen.page(found["messages"], MESSAGE)


@command(app, "pause")
async def pause(call: Call, mailing: Id) -> None:
    """Let nothing new leave until it is resumed; its end stays as it is."""
    await _steer(call, PAUSE, mailing)


@command(app, "resume")
async def resume(call: Call, mailing: Id) -> None:
    """Go on with a paused mailing."""
    await _steer(call, RESUME, mailing)


@command(app, "cancel")
async def cancel(call: Call, mailing: Id) -> None:
    """End a mailing before its time; it stays on the list."""
    await _steer(call, CANCEL, mailing)


@command(app, "delete")
async def delete(call: Call, mailing: Id) -> None:
    """Delete a mailing and cancel what is unsent."""
    await _steer(call, DELETE, mailing)


@command(app, "retry")
async def retry(
    call: Call,
    mailing: Annotated[str | None, typer.Argument(metavar="[ID]", help="A mailing.")] = None,
    message: Annotated[list[str] | None, typer.Option(help="Only this message; repeat.")] = None,
    status: Statuses = None,
    end: Annotated[str | None, typer.Option(help=f"New end: {EXAMPLES}.")] = None,
) -> None:
    """Try messages again: the failed ones, those in the statuses named, or single ones."""
    said = given(
        mailingId=mailing,
        messageIds=message or None,
        statuses=enums(status),
        endAt=end and moment("--end", end),
    )
    call.screen.one(await call.ask(RETRY, input=said), {"tried again": "count"})


async def _steer(call: Call, document: str, mailing: str) -> None:
    told = await call.ask(document, input={"id": mailing})
    fields = {name: f"mailing.{path}" for name, path in COLUMNS.items()}
    call.screen.one(told, {**fields, "still to send": "pendingMessages"})


def _none() -> Refused:
    return Refused("id: there is no such mailing; `belfry mailings list` shows them")
