"""The emulator of the outside services (C5), for development, tests and benchmarks.

Here are the sending API, its token server (`/oauth/token`, `/_tokens`), its knobs (`/_faults`),
its ledger (`/_ledger`), the same two of each messenger (`/_faults/telegram`), and a page of all;
`run` adds the SMTP sink with a page of the same kind.
"""

import asyncio
import signal
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import orjson
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from local.emulated import Emulated
from local.fault_routes import fault_routes
from local.faults import Dice, Faults
from local.ledger import Ledger
from local.ledger_routes import ledger_routes
from local.mail_page import mail_page
from local.messengers import MESSENGERS
from local.pages import Page
from local.sending_api import PREFIX, SendingApi
from local.serving import serving
from local.smtp_sink import Sink
from local.token_server import TokenServer
from local.tokens import Tokens

SHOWN = 50
"""Entries of each ledger on the page."""

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
{% for name, taken in messengers.items() %}
<h2>{{ name }}</h2>
<p>{{ taken.count }} accepted. The ledger: <a href="/_ledger/{{ name }}">JSON</a>; the knobs:
<a href="/_faults/{{ name }}">JSON</a>.{% if name == "viber" %} Here every send fails.{% endif %}</p>
<table><tr><th>at</th><th>id</th><th>to</th><th>text</th></tr>
{% for entry in taken.entries %}
<tr><td>{{ entry.at }}</td><td>{{ entry.id }}</td><td>{{ entry.to }}</td>
<td><pre>{{ entry.text }}</pre></td></tr>
{% endfor %}</table>
{% endfor %}
""",
)


class Outside:
    """All emulated services as one ASGI app."""

    def __init__(
        self,
        token: str = "",
        ledger: Ledger | None = None,
        ledgers: Mapping[str, Ledger] | None = None,
    ) -> None:
        """Accept into these ledgers, or into some in memory; an empty token lets anyone in."""
        self.ledger = ledger or Ledger()
        self.tokens = Tokens(token)
        self.messengers: dict[str, Emulated] = {
            name: emulated((ledgers or {}).get(name) or Ledger())
            for name, (_, emulated) in MESSENGERS.items()
        }
        self._sending_api = SendingApi(self.tokens, self.ledger)
        each = [*self.messengers.items()]
        self._desk = Starlette(
            routes=[
                Route("/", self._page),
                *fault_routes(self._sending_api),
                *ledger_routes(self.ledger),
                *(route for name, one in each for route in fault_routes(one, f"/{name}")),
                *(route for name, one in each for route in ledger_routes(one.ledger, f"/{name}")),
                *TokenServer(self.tokens, lambda: self.faults).routes(),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        path = scope["path"]
        if path.startswith(PREFIX):
            await self._sending_api(scope, receive, send)
            return
        for name, (paths, _) in MESSENGERS.items():
            if paths.fullmatch(path):
                await self.messengers[name](scope, receive, send)
                return
        await self._desk(scope, receive, send)

    @property
    def faults(self) -> Faults:
        """The knobs of the sending API; setting them begins a fresh series of draws."""
        return self._sending_api.dice.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._sending_api.dice = Dice(faults)

    async def _page(self, request: Request) -> Response:
        return _PAGE.show(
            ledger=self.ledger,
            tokens=self.tokens,
            faults=self.faults.model_dump(),
            knobs=Faults.model_fields,
            entries=_newest(self.ledger),
            messengers={
                name: {"count": one.ledger.count, "entries": _newest(one.ledger)}
                for name, one in self.messengers.items()
            },
        )


def _newest(ledger: Ledger) -> list[object]:
    return [orjson.loads(line) for line in reversed(ledger.newest(SHOWN))]


def run(
    host: str,
    port: int,
    token: str,
    ledger: Path | None,
    smtp_port: int | None,
    mail_port: int | None,
) -> None:
    """Serve everything until SIGTERM or SIGINT; None leaves the sink or its page out.

    The ledgers of the mails and the messengers lie beside the API's, with `mail-` and the like
    before their names.

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

        def opened(name: str = "") -> Ledger:
            path = ledger_path and ledger_path.with_name(f"{name}{ledger_path.name}")
            ledger = Ledger(path)
            stack.callback(ledger.close)
            return ledger

        sink = Sink(ledger=opened("mail-"))
        outside = Outside(token, opened(), {name: opened(f"{name}-") for name in MESSENGERS})
        await stack.enter_async_context(serving(outside, host, port))
        if smtp_port is not None:
            await stack.enter_async_context(sink.listening(host, smtp_port))
        if mail_port is not None:
            await stack.enter_async_context(serving(mail_page(sink), host, mail_port))
        await stop.wait()
