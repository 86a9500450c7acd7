"""`belfry clients`: the directory."""

from typing import Annotated

import typer

from cli.command import Call, command
from cli.options import After, First, Id, Key, Operators, Tags, given
from cli.server import Refused

app = typer.Typer(help="The directory of clients.", no_args_is_help=True)

CLIENT = """fragment Shown on Client {
  id phone operatorCode tags timeZone email createdAt updatedAt
}"""
LIST = f"""query Clients($first: Int!, $after: String, $filter: ClientFilterInput) {{
  clients(first: $first, after: $after, filter: $filter) {{
    totalCount
    nodes {{ ...Shown }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}
{CLIENT}"""
SHOW = f"""query Client($id: ID!) {{ client(id: $id) {{ ...Shown }} }}
{CLIENT}"""
ADD = f"""mutation AddClient($input: CreateClientInput!) {{
  createClient(input: $input) {{ client {{ ...Shown }} errors {{ field message code }} }}
}}
{CLIENT}"""
CHANGE = f"""mutation ChangeClient($input: UpdateClientInput!) {{
  updateClient(input: $input) {{ client {{ ...Shown }} errors {{ field message code }} }}
}}
{CLIENT}"""
REMOVE = f"""mutation RemoveClient($input: DeleteClientInput!) {{
  deleteClient(input: $input) {{ client {{ ...Shown }} errors {{ field message code }} }}
}}
{CLIENT}"""

COLUMNS = {
    "id": "id",
    "phone": "phone",
    "operator": "operatorCode",
    "zone": "timeZone",
    "tags": "tags",
    "email": "email",
}
FIELDS = {**COLUMNS, "created": "createdAt", "changed": "updatedAt"}

Phone = Annotated[str, typer.Argument(help="7XXXXXXXXXX")]
Zone = Annotated[str | None, typer.Option("--zone", help="IANA name, as Europe/Moscow.")]
Email = Annotated[str | None, typer.Option(help="Address.")]
Operator = Annotated[str | None, typer.Option(help="3 digits; else those after the 7.")]


@command(app, "list")
async def listed(
    call: Call,
    operator: Operators = None,
    tag: Tags = None,
    zone: Annotated[list[str] | None, typer.Option(help="IANA name; repeat.")] = None,
    phone: Annotated[str | None, typer.Option(help="7XXXXXXXXXX")] = None,
    first: First = 20,
    after: After = None,
) -> None:
    """Clients, the newest first: AND between the filters, OR inside one."""
    chosen = given(
        phone=phone, operatorCodes=operator or None, tags=tag or None, timeZones=zone or None
    )
    page = await call.ask(LIST, first=first, after=after, filter=chosen or None)
    call.screen.page(page, COLUMNS)


@command(app, "show")
async def show(call: Call, client: Id) -> None:
    """One client."""
    found = await call.ask(SHOW, id=client)
    if found is None:
        raise Refused("id: there is no such client; `belfry clients list` shows them")
    call.screen.one(found, FIELDS)


@command(app, "add")
async def add(
    call: Call,
    phone: Phone,
    tag: Tags = None,
    zone: Zone = None,
    email: Email = None,
    operator: Operator = None,
    key: Key = None,
) -> None:
    """Add a client."""
    said = given(
        phone=phone,
        tags=tag or None,
        timeZone=zone,
        email=email,
        operatorCode=operator,
        idempotencyKey=key,
    )
    call.screen.one((await call.ask(ADD, input=said))["client"], FIELDS)


@command(app, "change")
async def change(
    call: Call,
    client: Id,
    phone: Annotated[str | None, typer.Option(help="7XXXXXXXXXX")] = None,
    tag: Tags = None,
    zone: Zone = None,
    email: Email = None,
    operator: Operator = None,
) -> None:
    """Change what is said of a client; the rest stays."""
    said = given(
        id=client,
        phone=phone,
        tags=tag or None,
        timeZone=zone,
        email=email,
        operatorCode=operator,
    )
    call.screen.one((await call.ask(CHANGE, input=said))["client"], FIELDS)


@command(app, "remove")
async def remove(call: Call, client: Id) -> None:
    """Delete a client and cancel its unsent messages."""
    call.screen.one((await call.ask(REMOVE, input={"id": client}))["client"], FIELDS)
