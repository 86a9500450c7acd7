"""`belfry users|clients erase` and `belfry export user|client`: what is known of a person."""

from typing import Annotated

import typer

from cli import clients, exports, users
from cli.command import Call, command
from cli.exports import Out
from cli.imports import STDIN, Format
from cli.options import Id
from cli.users import User
from core.errors import Invalid

_ERASURE = "erasure { id whose personId done messages by at doneAt } errors { field message code }"
ERASE_USER = (
    f"mutation EraseUser($input: EraseUserInput!) {{ eraseUser(input: $input) {{ {_ERASURE} }} }}"
)
ERASE_CLIENT = f"mutation EraseClient($input: EraseClientInput!) {{ eraseClient(input: $input) {{ {_ERASURE} }} }}"
COLUMNS = {"ticket": "id", "done": "done", "messages": "messages"}
Yes = Annotated[bool, typer.Option("--yes", help="Needed: it can't be undone.")]


def join() -> None:
    """Add the commands to their groups."""
    command(users.app, "erase")(erase_user)
    command(clients.app, "erase")(erase_client)
    command(exports.app, "user")(export_user)
    command(exports.app, "client")(export_client)


async def erase_user(call: Call, user: User, yes: Yes = False) -> None:
    """Erase a user and all that names it; counts and opt-outs stay."""
    _check(yes)
    answer = await call.ask(ERASE_USER, input={"userId": user})
    call.screen.one(answer["erasure"], COLUMNS)


async def erase_client(call: Call, client: Id, yes: Yes = False) -> None:
    """Erase a client and all that names it; counts and opt-outs stay."""
    _check(yes)
    answer = await call.ask(ERASE_CLIENT, input={"clientId": client})
    call.screen.one(answer["erasure"], COLUMNS)


async def export_user(call: Call, user: User, out: Out = STDIN, kind: Format = None) -> None:
    """All that is held about a user."""
    await exports.write(call, "/persons/export", [("user", user)], out, kind)


async def export_client(call: Call, client: Id, out: Out = STDIN, kind: Format = None) -> None:
    """All that is held about a client."""
    await exports.write(call, "/persons/export", [("client", client)], out, kind)


def _check(yes: bool) -> None:
    if not yes:
        raise Invalid("--yes is needed: what is erased can't be brought back")
