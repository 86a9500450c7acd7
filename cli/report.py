"""`belfry report`: what became of the messages of a day (M20)."""

from pathlib import Path
from typing import Annotated

import typer

from cli.command import Call, command
from cli.options import Key, given
from core.errors import Invalid

_COUNTS = "name total byStatus { status count } attempts reasons { why messages } startedAt settledAt left"
_REPORT = (
    f"date zone since until subject text html total {{ {_COUNTS} }} lines {{ {_COUNTS} }} "
    "otherMailings"
)
SHOW = f"query Report($date: Date!, $zone: String) {{ report(date: $date, zone: $zone) {{ {_REPORT} }} }}"
SEND = f"""mutation SendReport($input: SendReportInput!) {{
  sendReport(input: $input) {{ report {{ {_REPORT} }} to errors {{ field message code }} }}
}}"""


def join(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "report")(report)


async def report(
    call: Call,
    date: Annotated[str, typer.Option(help="The day, as 2026-11-28.")],
    zone: Annotated[str | None, typer.Option(help="IANA name; else REPORT_ZONE.")] = None,
    html: Annotated[Path | None, typer.Option(help="File to write the page to.")] = None,
    send: Annotated[bool, typer.Option("--send", help="Send it to REPORT_TO, or --to.")] = False,
    to: Annotated[list[str] | None, typer.Option(help="Address to send it to; repeat.")] = None,
    key: Key = None,
) -> None:
    """Print what became of the messages of a day; send it if that is said."""
    sending = send or bool(to)
    if sending:
        said = given(date=date, zone=zone, to=to or None, idempotencyKey=key)
        answer = await call.ask(SEND, input=said)
        found, addresses = answer["report"], answer["to"]
    else:
        found, addresses = await call.ask(SHOW, date=date, zone=zone), []
    if html is not None:
        _write(html, found["html"])
    if call.screen.as_json:
        call.screen.json({**found, "to": addresses} if sending else found)
        return
    typer.echo(found["text"], nl=False)
    if sending:
        call.screen.aside(f"goes to {', '.join(addresses)}")


def _write(path: Path, page: str) -> None:
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise Invalid(f"{path} can't be written ({error.strerror})") from None
