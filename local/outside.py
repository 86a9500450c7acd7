"""The emulator of the outside services (C5), for development, tests and benchmarks.

Here are the sending API, its knobs (`/_faults`), its ledger (`/_ledger`) and a page of both;
`run` adds the SMTP sink with its own page.
"""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import orjson
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from core.errors import Invalid
from local.faults import Dice, Faults, faults_from
from local.ledger import Ledger
from local.mail_page import mail_page
from local.pages import Page
from local.sending_api import PREFIX, SendingApi
from local.serving import serving
from local.smtp_sink import Sink

SHOWN = 50
"""Entries of the ledger on the page."""

MOST_ENTRIES = 10_000
"""Entries of the ledger in one answer."""

_PAGE = Page(
    "Outside services",
    """
<p>{{ ledger.count }} accepted, {{ ledger.distinct }} different ids, {{ ledger.repeats }} repeats.
The ledger: <a href="/_ledger">JSON</a>, <a href="/_ledger.ndjson">lines</a>.
Turn the knobs with <code>PUT /_faults</code>.</p>
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
        self._sending_api = SendingApi(token, self.ledger)
        self._desk = Starlette(
            routes=[
                Route("/", self._page),
                Route("/_faults", self._get_faults),
                Route("/_faults", self._put_faults, methods=["PUT"]),
                Route("/_ledger", self._get_ledger),
                Route("/_ledger", self._clear_ledger, methods=["DELETE"]),
                Route("/_ledger.ndjson", self._stream_ledger),
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
            return _bad_request(error)
        return await self._get_faults(request)

    async def _get_ledger(self, request: Request) -> Response:
        try:
            limit = _number(request, "limit", 100, MOST_ENTRIES)
            after = _number(request, "after", -1, 2**63)
        except Invalid as error:
            return _bad_request(error)
        ledger = self.ledger
        lines = ledger.newest(limit) if after < 0 else ledger.after(after, limit)
        counts = orjson.dumps(
            {"count": ledger.count, "distinct": ledger.distinct, "repeats": ledger.repeats}
        )
        body = counts[:-1] + b',"entries":[' + b",".join(lines) + b"]}"
        return Response(body, media_type="application/json")

    async def _stream_ledger(self, request: Request) -> Response:
        return StreamingResponse(_stream(self.ledger), media_type="application/x-ndjson")

    async def _clear_ledger(self, request: Request) -> Response:
        self.ledger.clear()
        return Response(status_code=204)

    async def _page(self, request: Request) -> Response:
        entries = [orjson.loads(line) for line in reversed(self.ledger.newest(SHOWN))]
        return _PAGE.show(
            ledger=self.ledger,
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

    Raises OSError if a port is taken or the ledger can't be written.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(host, port, token, Ledger(ledger), smtp_port, mail_port))


async def _run(
    host: str, port: int, token: str, ledger: Ledger, smtp_port: int | None, mail_port: int | None
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        stack.callback(ledger.close)
        sink = Sink()
        await stack.enter_async_context(serving(Outside(token, ledger), host, port))
        if smtp_port is not None:
            await stack.enter_async_context(sink.listening(host, smtp_port))
        if mail_port is not None:
            await stack.enter_async_context(serving(mail_page(sink), host, mail_port))
        await stop.wait()


async def _stream(ledger: Ledger) -> AsyncIterator[bytes]:
    for chunk in ledger.chunks():
        yield chunk


def _number(request: Request, name: str, default: int, most: int) -> int:
    raw = request.query_params.get(name)
    if raw is None:
        return default
    if not (raw.isascii() and raw.isdigit() and len(raw) < 20 and int(raw) <= most):
        raise Invalid(f"{name} must be a number from 0 to {most}")
    return int(raw)


def _bad_request(error: Invalid) -> Response:
    return JSONResponse({"code": 1, "message": str(error)}, status_code=400)
