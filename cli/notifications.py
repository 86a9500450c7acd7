"""`belfry notify`, `inbox`, `read` and `read-all`: notifications of users."""

from typing import Annotated

import typer

from cli.command import Call, command
from cli.options import After, First, Key, given
from cli.pairs import pairs

NOTIFICATION = """fragment Shown on Notification {
  id userId key targetId data timestamp isNew isArchived title body seq cursor
}"""
NOTIFY = f"""mutation Notify($input: CreateNotificationInput!) {{
  createNotification(input: $input) {{
    notification {{ ...Shown }} unread messageId muted errors {{ field message code }}
  }}
}}
{NOTIFICATION}"""
INBOX = f"""query Inbox($userId: ID!, $first: Int!, $after: String, $filter: NotificationFilter) {{
  inbox(userId: $userId) {{
    userId total unread headCursor
    notifications(first: $first, after: $after, filter: $filter) {{
      totalCount
      nodes {{ ...Shown }}
      pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}
{NOTIFICATION}"""
PAGE = f"""query InboxPage($userId: ID!, $skip: Int!, $limit: Int!) {{
  inbox(userId: $userId) {{
    userId total unread headCursor
    page(skip: $skip, limit: $limit) {{ skip limit total unread list {{ ...Shown }} }}
  }}
}}
{NOTIFICATION}"""
READ = f"""mutation Read($input: MarkNotificationReadInput!) {{
  markNotificationRead(input: $input) {{
    marked unread notification {{ ...Shown }} errors {{ field message code }}
  }}
}}
{NOTIFICATION}"""
HEAD = "query Head($userId: ID!) { inbox(userId: $userId) { headCursor unread } }"
READ_ALL = """mutation ReadAll($input: MarkNotificationsReadInput!) {
  markNotificationsRead(input: $input) { marked unread errors { field message code } }
}"""

COLUMNS = {
    "id": "id",
    "at": "timestamp",
    "new": "isNew",
    "kind": "key",
    "title": "title",
    "data": "data",
}
MARKED = {"marked": "marked", "unread": "unread"}
NOTIFIED = {
    "id": "notification.id",
    "at": "notification.timestamp",
    "title": "notification.title",
    "unread": "unread",
    "message": "messageId",
    "muted": "muted",
}
User = Annotated[str, typer.Argument(metavar="USER", help="Id of a user: 24 hex digits.")]


def join(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "notify")(notify)
    command(app, "inbox")(inbox)
    command(app, "read")(read)
    command(app, "read-all")(read_all)


async def notify(
    call: Call,
    user: User,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="As new_message.")],
    data: Annotated[
        list[str] | None, typer.Option(help="name=text, name:=JSON or {...}; repeat.")
    ] = None,
    target: Annotated[str | None, typer.Option(help="What it is about: 24 hex digits.")] = None,
    key: Key = None,
) -> None:
    """Notify a user: into the inbox, by e-mail, or both, as the kind says."""
    said = given(
        userId=user, key=kind, targetId=target, data=pairs("--data", data), idempotencyKey=key
    )
    call.screen.one(await call.ask(NOTIFY, input=said), NOTIFIED)


async def inbox(
    call: Call,
    user: User,
    unread: Annotated[bool, typer.Option("--unread", help="Only the unread.")] = False,
    archived: Annotated[bool, typer.Option("--archived", help="The archive instead.")] = False,
    kind: Annotated[list[str] | None, typer.Option(help="Only of this kind; repeat.")] = None,
    first: First = 20,
    after: After = None,
    skip: Annotated[
        int | None, typer.Option(min=0, help="Go on after so many, instead of --after.")
    ] = None,
) -> None:
    """A user's inbox, the newest first, with its counts."""
    if skip is not None:
        found = await call.ask(PAGE, userId=user, skip=skip, limit=first)
        shown = found["page"]["list"]
    else:
        chosen = given(unread=unread or None, archived=archived or None, keys=kind or None)
        variables = {"first": first, "after": after, "filter": chosen or None}
        found = await call.ask(INBOX, userId=user, **variables)
        shown = found["notifications"]["nodes"]
    if call.screen.as_json:
        call.screen.json(found)
        return
    call.screen.rows(shown, COLUMNS)
    call.screen.aside(f"{found['unread']} unread of {found['total']}")


async def read(
    call: Call,
    notification: Annotated[str, typer.Argument(metavar="ID", help="As `inbox` shows it.")],
) -> None:
    """Mark one notification read."""
    call.screen.one(await call.ask(READ, input={"id": notification}), MARKED)


async def read_all(
    call: Call,
    user: User,
    up_to: Annotated[
        str | None, typer.Option(help="Cursor: what came later stays unread; else all there is.")
    ] = None,
) -> None:
    """Mark all notifications read, up to a cursor or to the newest one."""
    cursor = up_to or (await call.ask(HEAD, userId=user))["headCursor"]
    call.screen.one(await call.ask(READ_ALL, input={"userId": user, "upTo": cursor}), MARKED)
