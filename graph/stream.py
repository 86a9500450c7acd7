"""Subscriptions over Server-Sent Events, for clients that can open no socket.

The protocol of graphql-sse in its "distinct connections mode": one operation, one stream.
https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
"""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from core import events, tasks
from graph import outgoing
from graph.accept import STREAM
from graph.asked import code_of
from graph.context import Context
from graph.rejection import ALWAYS
from graph.request import Operation
from graph.schema import schema
from graph.streams import Streams, gone

PULSE_SECONDS = 12.0
"""Between signs of life: proxies close a connection that is silent for a minute, or for less."""
TRANSPORT = "stream"
COMMENT = b":\n\n"
COMPLETE = b"event: complete\ndata:\n\n"
# nginx would keep events back to send more at once.
HEADERS = {**ALWAYS, "X-Accel-Buffering": "no"}

open_streams = Streams()


def next_of(body: Mapping[str, Any]) -> bytes:
    """A result as an event. JSON has no line breaks of its own."""
    return b"event: next\ndata: " + outgoing.write(body) + b"\n\n"


def events_of(body: Mapping[str, Any]) -> bytes:
    """All the events of an operation with one result."""
    return next_of(body) + COMPLETE


class EventStream(Response):
    """One subscription's results, until it completes, or the client or its token goes."""

    media_type = STREAM

    def __init__(
        self, request: Request, operation: Operation, context: Context, headers: dict[str, str]
    ) -> None:
        """Raises Rejected where the caller, or everybody, has too many."""
        open_streams.check(context.principal)
        self.status_code = 200
        self.background = None
        self.init_headers({**HEADERS, **headers})
        self._operation = operation
        self._context = context
        self._wire = getattr(request.state, "wire", None)
        self._patience_seconds = context.parts.settings.socket_send_seconds
        self._ending = asyncio.get_running_loop().create_future()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Tell the results as they come."""
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        asked, self._context.asked.transport = self._context.asked, TRANSPORT
        if asked.span is not None:  # what comes may take days
            asked.span.end(f"{asked.kind} {asked.field}", **asked.ids())
            asked.span = None
        try:
            with open_streams.entered(self._context.principal, self.end, self._wire):
                await self._run(receive, send)
        finally:
            self._context.asked.ended()

    def end(self) -> None:
        """End without `complete`, so that the client comes back after its last event."""
        if not self._ending.done():
            self._ending.set_result(None)

    async def _run(self, receive: Receive, send: Send) -> None:
        writer = asyncio.create_task(self._write(send))
        left = asyncio.create_task(gone(receive))
        try:
            await self._watch(writer, left, send)
            if not left.done():
                await tasks.end([writer])
                await self._say(send, b"", more=False)
        except TimeoutError:
            self._drop()
        finally:
            await tasks.end([writer, left])

    async def _watch(
        self, writer: "asyncio.Task[None]", left: "asyncio.Task[None]", send: Send
    ) -> None:
        while True:
            waiting: set[asyncio.Future[None]] = {writer, left, self._ending}
            done, _ = await asyncio.wait(
                waiting, timeout=PULSE_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            if writer in done:
                writer.result()
            if done:
                return
            await self._say(send, COMMENT)

    async def _write(self, send: Send) -> None:
        await self._say(send, COMMENT)  # shows the client at once that it was let in
        results = await schema.stream(
            self._operation.query,
            variable_values=self._operation.variables,
            context_value=self._context,
            operation_name=self._operation.name,
            allowed_operation_types={OperationType.SUBSCRIPTION},
        )
        async with aclosing(results):
            async for result in results:
                self._context.asked.code = code_of(getattr(result, "errors", None))
                await self._say(send, next_of(_body(result)))
        await self._say(send, COMPLETE)

    async def _say(self, send: Send, said: bytes, *, more: bool = True) -> None:
        """Send; raises TimeoutError if the client takes nothing."""
        async with asyncio.timeout(self._patience_seconds):
            await send({"type": "http.response.body", "body": said, "more_body": more})

    def _drop(self) -> None:
        """Cut the line of a client that reads nothing; closing would wait until it does."""
        events.emit("stream.stalled")
        if self._wire is not None:
            self._wire.abort()


def _body(result: Any) -> dict[str, Any]:  # noqa: ANN401 - a result, or a part of one
    body: dict[str, Any] = {}
    if not isinstance(result, PreExecutionError):
        body["data"] = result.data
    if result.errors:
        body["errors"] = [error.formatted for error in result.errors]
    return body
