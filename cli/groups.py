"""`belfry groups`: named lists of clients and users."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from cli.command import Call, command
from cli.options import After, First, Key, given
from cli.recipients import EXAMPLES, recipient
from cli.server import Refused

app = typer.Typer(help="Groups of clients and users.", no_args_is_help=True)

_GROUP = "name title description count"
LIST = f"""query Groups($first: Int!, $after: String) {{
  groups(first: $first, after: $after) {{
    totalCount nodes {{ {_GROUP} }} pageInfo {{ hasNextPage endCursor }}
  }}
}}"""
SHOW = f"query Group($name: String!) {{ group(name: $name) {{ {_GROUP} createdAt updatedAt }} }}"
MEMBERS = """query Members($name: String!, $first: Int!, $after: String) {
  group(name: $name) {
    members(first: $first, after: $after) {
      nodes { client { id phone } userId email } pageInfo { hasNextPage endCursor }
    }
  }
}"""
CREATE = f"""mutation CreateGroup($input: CreateGroupInput!) {{
  createGroup(input: $input) {{ group {{ {_GROUP} }} errors {{ field message code }} }}
}}"""
DELETE = f"""mutation DeleteGroup($input: DeleteGroupInput!) {{
  deleteGroup(input: $input) {{ group {{ {_GROUP} }} errors {{ field message code }} }}
}}"""
_RESULTS = """errors { field message code }
    results { clientId userId errors { field message code } }"""
ADD = f"""mutation AddToGroup($input: AddToGroupInput!) {{
  addToGroup(input: $input) {{
    {_RESULTS}
  }}
}}"""
REMOVE = f"""mutation RemoveFromGroup($input: RemoveFromGroupInput!) {{
  removeFromGroup(input: $input) {{
    {_RESULTS}
  }}
}}"""

COLUMNS = {"name": "name", "title": "title", "members": "count"}
FIELDS = {**COLUMNS, "description": "description", "created": "createdAt", "changed": "updatedAt"}
MEMBER = {"id": "client.id", "phone": "client.phone", "user": "userId", "email": "email"}
AT_ONCE = 1_000

Name = Annotated[str, typer.Argument(metavar="NAME", help="Of the group.")]
Members = Annotated[list[str], typer.Argument(metavar="WHO...", help=EXAMPLES)]


@command(app, "list")
async def listed(call: Call, first: First = 20, after: After = None) -> None:
    """All groups."""
    call.screen.page(await call.ask(LIST, first=first, after=after), COLUMNS)


@command(app, "show")
async def show(call: Call, name: Name) -> None:
    """One group."""
    call.screen.one(_there(await call.ask(SHOW, name=name)), FIELDS)


@command(app, "members")
async def members(call: Call, name: Name, first: First = 20, after: After = None) -> None:
    """Who is in a group."""
    found = _there(await call.ask(MEMBERS, name=name, first=first, after=after))
    call.screen.page(found["members"], MEMBER)


@command(app, "create")
async def create(
    call: Call,
    name: Name,
    title: Annotated[str | None, typer.Option(help="Else the name.")] = None,
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    key: Key = None,
) -> None:
    """Create a group; `add` puts members into it."""
    said = given(name=name, title=title, description=description, idempotencyKey=key)
    call.screen.one((await call.ask(CREATE, input=said))["group"], FIELDS)


@command(app, "delete")
async def delete(call: Call, name: Name) -> None:
    """Delete a group; its members stay."""
    call.screen.one((await call.ask(DELETE, input={"name": name}))["group"], FIELDS)


@command(app, "add")
async def add(call: Call, name: Name, who: Members) -> None:
    """Put clients and users into a group; a repeat changes nothing."""
    await _change(call, ADD, name, who)


@command(app, "remove")
async def remove(call: Call, name: Name, who: Members) -> None:
    """Take clients and users out of a group."""
    await _change(call, REMOVE, name, who)


async def _change(call: Call, document: str, name: str, who: Sequence[str]) -> None:
    """Do it for all, and then complain of those for whom it could not be done."""
    changed: list[dict[str, Any]] = []
    wrong: list[str] = []
    for start in range(0, len(who), AT_ONCE):
        some = who[start : start + AT_ONCE]
        said = {"group": name, "members": [recipient(each) for each in some]}
        for each, result in zip(
            some, (await call.ask(document, input=said))["results"], strict=True
        ):
            wrong += [f"{each}: {error['message']}" for error in result["errors"]]
            changed += [] if result["errors"] else [result]
    call.screen.rows(changed, {"client": "clientId", "user": "userId"})
    if wrong:
        raise Refused(*wrong)


def _there(found: dict[str, Any] | None) -> dict[str, Any]:
    if found is None:
        raise Refused("name: there is no such group; `belfry groups list` shows them")
    return found
