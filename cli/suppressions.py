"""`belfry suppressions`: addresses that nothing is sent to."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from cli.command import Call, command
from cli.options import After, First, enums, given
from cli.server import Refused

app = typer.Typer(help="Addresses that nothing is sent to.", no_args_is_help=True)

_SUPPRESSION = "id channel address reason note by at"
LIST = f"""query Suppressions($first: Int!, $after: String, $filter: SuppressionFilterInput) {{
  suppressions(first: $first, after: $after, filter: $filter) {{
    totalCount nodes {{ {_SUPPRESSION} }} pageInfo {{ hasNextPage endCursor }}
  }}
}}"""
_RESULTS = f"""errors {{ field message code }}
    results {{ suppression {{ {_SUPPRESSION} }} errors {{ field message code }} }}"""
ADD = f"""mutation AddSuppressions($input: AddSuppressionsInput!) {{
  addSuppressions(input: $input) {{
    {_RESULTS}
  }}
}}"""
REMOVE = f"""mutation RemoveSuppressions($input: RemoveSuppressionsInput!) {{
  removeSuppressions(input: $input) {{
    {_RESULTS}
  }}
}}"""

COLUMNS = {
    "channel": "channel",
    "address": "address",
    "reason": "reason",
    "since": "at",
    "by": "by",
    "note": "note",
}
Channel = Annotated[str, typer.Argument(metavar="CHANNEL", help="As email.")]
Addresses = Annotated[
    list[str], typer.Argument(metavar="ADDRESS...", help="As the channel has it.")
]


@command(app, "list")
async def listed(
    call: Call,
    channel: Annotated[str | None, typer.Option(help="As email.")] = None,
    address: Annotated[str | None, typer.Option(help="Just this one.")] = None,
    reason: Annotated[list[str] | None, typer.Option(help="As hard-bounce; repeat.")] = None,
    first: First = 20,
    after: After = None,
) -> None:
    """The suppression list."""
    chosen = given(channel=channel and _name(channel), address=address, reasons=enums(reason))
    page = await call.ask(LIST, first=first, after=after, filter=chosen or None)
    call.screen.page(page, COLUMNS)


@command(app, "add")
async def add(
    call: Call,
    channel: Channel,
    addresses: Addresses,
    note: Annotated[str | None, typer.Option(help="Why.")] = None,
) -> None:
    """Send nothing to these addresses any more."""
    said = [given(channel=_name(channel), address=each, note=note) for each in addresses]
    _tell(call, addresses, await call.ask(ADD, input={"suppressions": said}))


@command(app, "remove")
async def remove(call: Call, channel: Channel, addresses: Addresses) -> None:
    """Send to these addresses again."""
    said = [{"channel": _name(channel), "address": each} for each in addresses]
    _tell(call, addresses, await call.ask(REMOVE, input={"suppressions": said}))


def _tell(call: Call, addresses: Sequence[str], told: Mapping[str, Any]) -> None:
    """Those that are done, and then a complaint of the others."""
    results = told["results"]
    call.screen.rows([each["suppression"] for each in results if each["suppression"]], COLUMNS)
    wrong = [
        f"{address}: {error['message']}"
        for address, each in zip(addresses, results, strict=True)
        for error in each["errors"]
    ]
    if wrong:
        raise Refused(*wrong)


def _name(channel: str) -> str:
    return channel.upper().replace("-", "_")
