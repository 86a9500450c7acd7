"""`belfry contacts`: people whom a sender writes to by name, on their messengers."""

from typing import Annotated, Any

import typer

from cli.command import Call, command
from cli.moments import EXAMPLES, moment
from cli.options import After, Channels, First, Key, enums, given, words

app = typer.Typer(help="Your contacts, and what is sent to them.", no_args_is_help=True)

_CONTACT = "id name telegram whatsapp viber createdAt updatedAt"
LIST = f"""query Contacts($first: Int!, $after: String, $name: String!) {{
  contacts(first: $first, after: $after, name: $name) {{
    totalCount nodes {{ {_CONTACT} }} pageInfo {{ hasNextPage endCursor }}
  }}
}}"""
ADD = f"""mutation AddContact($input: CreateContactInput!) {{
  createContact(input: $input) {{ contact {{ {_CONTACT} }} errors {{ field message code }} }}
}}"""
CHANGE = f"""mutation ChangeContact($input: UpdateContactInput!) {{
  updateContact(input: $input) {{ contact {{ {_CONTACT} }} errors {{ field message code }} }}
}}"""
REMOVE = f"""mutation RemoveContact($input: DeleteContactInput!) {{
  deleteContact(input: $input) {{ contact {{ {_CONTACT} }} errors {{ field message code }} }}
}}"""
SEND = """mutation SendToContacts($input: SendToContactsInput!) {
  sendToContacts(input: $input) {
    results { contact { id name } messages { id channel address status dueAt } }
    errors { field message code }
  }
}"""
FAILED = """query Failed($first: Int!, $after: String, $since: DateTime, $sender: String) {
  failedMessages(first: $first, after: $after, since: $since, sender: $sender) {
    nodes { id sender contact channel address text dueAt failedAt status why attemptCount }
    pageInfo { hasNextPage endCursor }
  }
}"""
RETRY = """mutation RetryFailed($input: RetryFailedMessagesInput!) {
  retryFailedMessages(input: $input) { count errors { field message code } }
}"""

COLUMNS = {
    "id": "id",
    "name": "name",
    "telegram": "telegram",
    "whatsapp": "whatsapp",
    "viber": "viber",
}
FIELDS = {**COLUMNS, "created": "createdAt", "changed": "updatedAt"}
QUEUED = {
    "id": "id",
    "contact": "contact",
    "channel": "channel",
    "address": "address",
    "due": "dueAt",
}
FAILURE = {
    "id": "id",
    "contact": "contact",
    "channel": "channel",
    "address": "address",
    "due": "dueAt",
    "status": "status",
    "why": "why",
    "text": "text",
}
Name = Annotated[str, typer.Argument(metavar="NAME", help="Of the contact, in any case.")]
Telegram = Annotated[str | None, typer.Option(help="Number of the chat, or an @name.")]
Whatsapp = Annotated[str | None, typer.Option(help="Number.")]
Viber = Annotated[str | None, typer.Option(help="Id of the user.")]


@command(app, "list")
async def listed(
    call: Call,
    name: Annotated[str, typer.Option(help="How the names begin.")] = "",
    first: First = 20,
    after: After = None,
) -> None:
    """Your contacts."""
    call.screen.page(await call.ask(LIST, first=first, after=after, name=name), COLUMNS)


@command(app, "add")
async def add(
    call: Call,
    name: Annotated[str, typer.Argument(metavar="NAME", help="By which you write to it.")],
    telegram: Telegram = None,
    whatsapp: Whatsapp = None,
    viber: Viber = None,
    key: Key = None,
) -> None:
    """Add a contact with a handle of at least one messenger."""
    said = given(name=name, telegram=telegram, whatsapp=whatsapp, viber=viber, idempotencyKey=key)
    call.screen.one((await call.ask(ADD, input=said))["contact"], FIELDS)


@command(app, "change")
async def change(
    call: Call,
    contact: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")],
    name: Annotated[str | None, typer.Option(help="New name.")] = None,
    telegram: Telegram = None,
    whatsapp: Whatsapp = None,
    viber: Viber = None,
) -> None:
    """Change a contact; what is left out stays."""
    said = given(id=contact, name=name, telegram=telegram, whatsapp=whatsapp, viber=viber)
    call.screen.one((await call.ask(CHANGE, input=said))["contact"], FIELDS)


@command(app, "remove")
async def remove(call: Call, name: Name) -> None:
    """Delete a contact and cancel what is unsent to it."""
    call.screen.one((await call.ask(REMOVE, input={"name": name}))["contact"], FIELDS)


@command(app, "send")
async def send(
    call: Call,
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Of contacts.")],
    text: Annotated[str, typer.Option(help="`-` reads it from standard input.")],
    at: Annotated[str | None, typer.Option(help=f"Not before: {EXAMPLES}.")] = None,
    until: Annotated[str | None, typer.Option(help="Not tried after it; else 3 days.")] = None,
    channel: Channels = None,
    key: Key = None,
) -> None:
    """Send a text to contacts, on every messenger that they have."""
    said = given(
        names=names,
        text=words(text),
        notBefore=at and moment("--at", at),
        endAt=until and moment("--until", until),
        channels=enums(channel),
        idempotencyKey=key,
    )
    queued = await call.ask(SEND, input=said)
    if call.screen.as_json:
        call.screen.json(queued)
    else:
        call.screen.rows(_messages(queued), QUEUED)


@command(app, "failed")
async def failed(
    call: Call,
    since: Annotated[str | None, typer.Option(help="Given up since then, as '2h ago'.")] = None,
    sender: Annotated[str | None, typer.Option(help="Of another sender, if you may.")] = None,
    first: First = 20,
    after: After = None,
) -> None:
    """Your messages that could not be delivered, the last ones first."""
    place = {"first": first, "after": after, "sender": sender}
    page = await call.ask(FAILED, **place, since=since and moment("--since", since))
    call.screen.page(page, FAILURE)


@command(app, "retry")
async def retry(
    call: Call,
    messages: Annotated[list[str], typer.Argument(metavar="ID...", help="As `failed` shows them.")],
) -> None:
    """Try messages of yours again that failed."""
    told = await call.ask(RETRY, input={"messageIds": messages})
    call.screen.one(told, {"tried again": "count"})


def _messages(queued: dict[str, Any]) -> list[dict[str, Any]]:
    """The messages of all contacts in one list."""
    return [
        {**message, "contact": result["contact"]["name"]}
        for result in queued["results"]
        for message in result["messages"]
    ]
