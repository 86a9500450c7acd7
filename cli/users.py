"""`belfry users`: how those with an inbox are written to."""

from typing import Annotated

import typer

from cli.command import Call, command
from cli.options import After, First, Key, given
from cli.server import Refused

app = typer.Typer(help="Users, and how they are written to.", no_args_is_help=True)

_USER = "userId email locale timeZone unread groups { name }"
LIST = f"""query Users($first: Int!, $after: String) {{
  users(first: $first, after: $after) {{
    nodes {{ {_USER} }} pageInfo {{ hasNextPage endCursor }}
  }}
}}"""
SHOW = f"query User($id: ID!) {{ user(id: $id) {{ {_USER} }} }}"
SAVE = f"""mutation SaveUser($input: SaveUserInput!) {{
  saveUser(input: $input) {{ user {{ {_USER} }} errors {{ field message code }} }}
}}"""

COLUMNS = {
    "id": "userId",
    "email": "email",
    "locale": "locale",
    "zone": "timeZone",
    "unread": "unread",
}
NOTHING = ""
User = Annotated[str, typer.Argument(metavar="USER", help="24 hexadecimal digits.")]


@command(app, "list")
async def listed(call: Call, first: First = 20, after: After = None) -> None:
    """Users by their ids."""
    call.screen.page(await call.ask(LIST, first=first, after=after), COLUMNS)


@command(app, "show")
async def show(call: Call, user: User) -> None:
    """One user."""
    found = await call.ask(SHOW, id=user)
    if found is None:
        raise Refused("id: there is no such user; `belfry users save` makes it")
    call.screen.one(found, COLUMNS)


@command(app, "save")
async def save(
    call: Call,
    user: User,
    email: Annotated[str | None, typer.Option(help="Address.")] = None,
    locale: Annotated[str | None, typer.Option(help="As de-AT; '' clears it.")] = None,
    zone: Annotated[str | None, typer.Option("--zone", help="IANA name, as Europe/Moscow.")] = None,
    key: Key = None,
) -> None:
    """Say how a user is written to; the rest stays, and a new user is made."""
    said = given(userId=user, email=email, timeZone=zone, locale=locale, idempotencyKey=key)
    if locale == NOTHING:
        said["locale"] = None
    call.screen.one((await call.ask(SAVE, input=said))["user"], COLUMNS)
