"""The emulator of the outside services (C5), for development, tests and benchmarks.

Here are the sending API, its token server (`/oauth/token`, `/_tokens`), its knobs (`/_faults`),
its ledger (`/_ledger`) and a page of all; `run` adds the SMTP sink with a page of the same kind.
"""

import asyncio
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import orjson
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from core.errors import Invalid
from local.faults import Dice, Faults, faults_from
from local.ledger import Ledger
from local.ledger_routes import bad_request, ledger_routes
from local.mail_page import mail_page
from local.pages import Page
from local.sending_api import PREFIX, SendingApi
from local.serving import serving
from local.smtp_sink import Sink
from local.token_server import TokenServer
from local.tokens import Tokens

SHOWN = 50
"""Entries of the ledger on the page."""

_PAGE = Page(
    "Outside services",
    """
<p>{{ ledger.count }} accepted, {{ ledger.distinct }} different ids, {{ ledger.repeats }} repeats.
The ledger: <a href="/_ledger">JSON</a>, <a href="/_ledger.ndjson">lines</a>.
Turn the knobs with <code>PUT /_faults</code>.</p>
<p>{{ tokens.issued }} tokens issued at <code>/oauth/token</code>, {{ tokens.valid }} good now.
Make all expire with <code>DELETE /_tokens</code>.</p>
<h2>Knobs</h2><table>
{% for name, field in knobs.items() %}
<tr><th>{{ name }}</th><td>{{ faults[name] }}</td><td>{{ field.description or "" }}</td></tr>
{% endfor %}</table>
<h2>Last accepted</h2><table><tr><th>at</th><th>id</th><th>phone</th><th>text</th><th>time</th></tr>
{% for entry in entries %}
<tr><td>{{ entry.at }}</td><td>{{ entry.id }}</td><td>{{ entry.phone }}</td>
<td><pre>{{ entry.text }}</pre></td><td>{{ entry.repeat }}</td></tr>
{% endfor %}</table>
""",
)


class Outside:
    """All emulated services as one ASGI app."""

    def __init__(self, token: str = "", ledger: Ledger | None = None) -> None:
        """Accept into the ledger, or into one in memory; an empty token lets anyone in."""
        self.ledger = ledger or Ledger()
        self.tokens = Tokens(token)
        self._sending_api = SendingApi(self.tokens, self.ledger)
        self._desk = Starlette(
            routes=[
                Route("/", self._page),
                Route("/_faults", self._get_faults),
                Route("/_faults", self._put_faults, methods=["PUT"]),
                *ledger_routes(self.ledger),
                *TokenServer(self.tokens, lambda: self.faults).routes(),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["path"].startswith(PREFIX):
            await self._sending_api(scope, receive, send)
        else:
            await self._desk(scope, receive, send)

    @property
    def faults(self) -> Faults:
        """The knobs of the sending API; setting them begins a fresh series of draws."""
        return self._sending_api.dice.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._sending_api.dice = Dice(faults)

    async def _get_faults(self, request: Request) -> Response:
        return JSONResponse(self.faults.model_dump())

    async def _put_faults(self, request: Request) -> Response:
        try:
            self.faults = faults_from(await request.body())
        except Invalid as error:
            return bad_request(error)
        return await self._get_faults(request)

    async def _page(self, request: Request) -> Response:
        entries = [orjson.loads(line) for line in reversed(self.ledger.newest(SHOWN))]
        return _PAGE.show(
            ledger=self.ledger,
            tokens=self.tokens,
            faults=self.faults.model_dump(),
            knobs=Faults.model_fields,
            entries=entries,
        )


def run(
    host: str,
    port: int,
    token: str,
    ledger: Path | None,
    smtp_port: int | None,
    mail_port: int | None,
) -> None:
    """Serve everything until SIGTERM or SIGINT; None leaves the sink or its page out.

    The mails' ledger lies beside the API's, with `mail-` before its name.

    Raises OSError if a port is taken or the ledger can't be written.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(host, port, token, ledger, smtp_port, mail_port))


async def _run(
    host: str,
    port: int,
    token: str,
    ledger_path: Path | None,
    smtp_port: int | None,
    mail_port: int | None,
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        ledger = Ledger(ledger_path)
        stack.callback(ledger.close)
        mail_ledger = Ledger(ledger_path and ledger_path.with_name(f"mail-{ledger_path.name}"))
        stack.callback(mail_ledger.close)
        sink = Sink(ledger=mail_ledger)
        await stack.enter_async_context(serving(Outside(token, ledger), host, port))
        if smtp_port is not None:
            await stack.enter_async_context(sink.listening(host, smtp_port))
        if mail_port is not None:
            await stack.enter_async_context(serving(mail_page(sink), host, mail_port))
        await stop.wait()
