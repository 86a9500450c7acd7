"""Tables by HTTP: one page after the other, as fast as the client reads."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from core import events, tasks
from graph import rejection
from graph.accept import LEGACY
from graph.context import Context
from graph.http import CLIENT_LEFT
from graph.rejection import ALWAYS
from graph.streams import Streams, gone
from graph.transfer import enter
from rules import table
from rules.roles import Permission
from rules.table import Column, Format

METHODS = ("GET", "POST")
"""POST by a form of a page, so that the browser itself writes the table to disk."""
MOST = 8
MOST_OF_ONE = 2
GRACE_SECONDS = 3_600.0
"""How long a table that was begun in time is still sent: people have tokens of five minutes."""

open_exports = Streams(MOST, MOST_OF_ONE, "exports", GRACE_SECONDS)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table to be sent."""

    name: str
    """Of the file, without the ending."""
    format: Format
    columns: Sequence[Column]
    pages: AsyncGenerator[list[dict[str, Any]], None]


async def answer(
    request: Request, permission: Permission, asked_for: Callable[[Request], Sheet]
) -> Response:
    """The table that the URL asks for; every refusal is JSON, as all of the API's."""
    headers = dict[str, str]()
    try:
        context = await enter(request, headers, by_form=True)
        context.require(permission)
        open_exports.check(context.principal)
        export = Export(request, context, asked_for(request), headers)
        # Before anything is said: that the database is away can be told by the status only now.
        await export.begin()
        open_exports.check(context.principal)  # others came in meanwhile
        return export
    except ClientDisconnect:
        return Response(status_code=CLIENT_LEFT)
    except Exception as error:  # noqa: BLE001 - nothing of it may reach the client unmasked
        return rejection.answer(rejection.of(error), LEGACY, headers)


class Export(Response):
    """One table, until its end, or the client or its key goes, or its token is long gone.

    Whatever stops it before its end cuts the connection, so that nobody takes a part for all.
    """

    def __init__(
        self, request: Request, context: Context, sheet: Sheet, headers: dict[str, str]
    ) -> None:
        self.status_code = 200
        self.background = None
        self.media_type = sheet.format.media_type
        disposition = f'attachment; filename="{sheet.name}.{sheet.format}"'
        self.init_headers({**ALWAYS, **headers, "Content-Disposition": disposition})
        self._sheet = sheet
        self._is_head = request.method == "HEAD"
        self._first = b""
        self._context = context
        self._wire = getattr(request.state, "wire", None)
        self._patience_seconds = context.parts.settings.socket_send_seconds
        self._ending = asyncio.get_running_loop().create_future()

    async def begin(self) -> None:
        """Read the first page; raises what the database does."""
        self._first = table.head(self._sheet.format, self._sheet.columns)
        self._first += self._written(await anext(self._sheet.pages, []))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send all pages."""
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        if self._is_head:
            await send(start)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        with open_exports.entered(self._context.principal, self.end, self._wire):
            await send(start)
            await self._run(receive, send)

    def end(self) -> None:
        """Stop before the end."""
        if not self._ending.done():
            self._ending.set_result(None)

    async def _run(self, receive: Receive, send: Send) -> None:
        writer = asyncio.create_task(self._write(send))
        left = asyncio.create_task(gone(receive))
        try:
            waiting: set[asyncio.Future[None]] = {writer, left, self._ending}
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if not writer.done():
                self._cut("the client left" if left.done() else "the process or the token ended")
            elif error := writer.exception():
                self._cut(repr(error))
        finally:
            await tasks.end([writer, left])

    async def _write(self, send: Send) -> None:
        await self._say(send, self._first)
        async with aclosing(self._sheet.pages) as pages:
            async for rows in pages:
                await self._say(send, self._written(rows))
        await self._say(send, b"", more=False)

    def _written(self, rows: list[dict[str, Any]]) -> bytes:
        return table.body(self._sheet.format, self._sheet.columns, rows)

    async def _say(self, send: Send, said: bytes, *, more: bool = True) -> None:
        """Send; raises TimeoutError if the client takes nothing."""
        async with asyncio.timeout(self._patience_seconds):
            await send({"type": "http.response.body", "body": said, "more_body": more})

    def _cut(self, why: str) -> None:
        events.emit("export.cut", table=self._sheet.name, why=why)
        if self._wire is not None:
            self._wire.abort()
