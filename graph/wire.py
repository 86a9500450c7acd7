"""uvicorn's HTTP/1.1, with limits on the head of a request and its own errors in JSON."""

import asyncio
from collections.abc import Callable
from typing import Any

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from graph import head
from graph.accept import LEGACY
from graph.rejection import BAD_REQUEST, refusal

LARGEST_HEAD = 64 * 1024
"""Bytes of a request line with its headers, so also of a GET."""
_TOO_LARGE = f"the headers are larger than {LARGEST_HEAD} bytes"
HEAD_SECONDS = 10.0
LINGER_SECONDS = 30.0
"""How long the rest of what was refused is taken and thrown away, so that its sender reads why."""


class Wire(HttpToolsProtocol):
    """One connection. A request's `state.wire` is it."""

    on_shutdown: Callable[[], None] | None = None
    """Ends the answer under way, where it has no end of its own."""
    stopping = False
    """Whether the process is on its way out."""
    _limit: asyncio.TimerHandle | None = None
    _in_head = True
    _head = 0
    _fault: str | None = None
    _parts = False
    _deaf = False

    @property
    def has_whole_body(self) -> bool:
        """Whether nothing is to come of the requests that have begun."""
        cycle = self._cycle()
        return cycle is not None and not cycle.more_body

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Expect a request before long."""
        super().connection_made(transport)
        self._within(HEAD_SECONDS, transport.close)

    def data_received(self, data: bytes) -> None:
        """Parse, unless a head without end comes in."""
        if self._deaf:
            return
        if self._in_head:
            self._head += len(data)
        self._unset_keepalive_if_required()
        try:
            self._parse(memoryview(data))
        except HttpParserError as error:
            self.logger.warning("not HTTP: %s", self._fault or error)
            status = 431 if self._fault == _TOO_LARGE else 400
            self._refuse(status, self._fault or "this is no request by HTTP/1.1")
        if self._in_head and self._head > LARGEST_HEAD:
            self._refuse(431, _TOO_LARGE)

    def on_message_begin(self) -> None:
        """Expect the whole head before long."""
        super().on_message_begin()
        self.scope["state"]["wire"] = self
        self._in_head = True
        self._within(HEAD_SECONDS, self._too_slow)

    def on_headers_complete(self) -> None:
        """Go on as uvicorn does, unless nobody could tell whom the request asks."""
        self._within(None)
        self._in_head, self._head = False, 0
        self._fault = head.fault(self.parser.get_http_version(), self.headers)
        if self.parser.get_method() == b"CONNECT":
            self._fault = "this is no proxy"
        # One that came in a single piece never was a head without end.
        if head.size(self.url, self.headers) > LARGEST_HEAD:
            self._fault = _TOO_LARGE
        if self._fault is not None:
            raise ValueError(self._fault)
        before = self._cycle()
        super().on_headers_complete()
        cycle = self._cycle()
        if cycle is not None and cycle is not before:
            cycle.transport = Out(self, cycle)

    def on_response_complete(self) -> None:
        """Let a sender come to its end, but not for ever."""
        self.on_shutdown = None
        lingers = self.cycle.more_body and not self.pipeline
        super().on_response_complete()
        if self._parts and not self.transport.is_closing():
            self._unset_keepalive_if_required()
            self._linger()
        elif lingers:
            self._within(LINGER_SECONDS, self.transport.close)

    def on_message_complete(self) -> None:
        """Wait for the next request as after any other."""
        super().on_message_complete()
        cycle = self._cycle()
        if cycle is not None and cycle.response_complete and cycle.more_body:
            cycle.more_body = False
            self._within(self.timeout_keep_alive, self.transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave no timer behind."""
        self._within(None)
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Let the answer under way come to its end."""
        super().shutdown()
        self.stopping = True
        if self.on_shutdown is not None:
            self.on_shutdown()

    def part(self, cycle: RequestResponseCycle) -> None:
        """Close the connection after its last answer, as soon as that can't be lost any more."""
        if cycle.response_complete and cycle.more_body:
            self._parts = True
        else:
            self.transport.close()

    def abort(self) -> None:
        """Cut the connection, with all that its peer has not read."""
        self.transport.abort()

    def _parse(self, said: memoryview) -> None:
        while said:
            try:
                self.parser.feed_data(said)
            except HttpParserUpgrade as upgrade:
                if self._opens_socket():
                    self.handle_websocket_upgrade()
                    return
                said = said[upgrade.args[0] :]
                self._ignore_upgrade()
            else:
                return

    def _should_upgrade(self) -> bool:
        # What asks for any upgrade never becomes a request as it stands: `_parse` decides.
        return True

    def _opens_socket(self) -> bool:
        """Whether to upgrade: never in the middle of an answer, which would land in the socket."""
        cycle = self._cycle()
        return (cycle is None or cycle.response_complete) and head.opens_socket(
            self.parser.get_method(), self.parser.get_http_version(), self.headers
        )

    def _ignore_upgrade(self) -> None:
        """Take the request for one that asks for no upgrade (RFC 9110, section 7.8).

        The parser takes no body from one that does: what it holds would be the next request. So
        another parser reads the head again, and then the body.
        """
        version = self.parser.get_http_version()
        said = head.without_upgrade(self.parser.get_method(), self.url, version, self.headers)
        self.parser = HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn has it
        self.parser.feed_data(said)

    def _too_slow(self) -> None:
        self._refuse(408, "the headers came in too slowly")

    def _refuse(self, status: int, message: str) -> None:
        cycle = self._cycle()
        if self._deaf or self.transport.is_closing():
            return
        if cycle is not None and cycle.response_started and not cycle.response_complete:
            self.transport.close()  # in the middle of an answer nothing else can be said
            return
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
        said = refusal(message, BAD_REQUEST)
        lines = f"content-type: {LEGACY}; charset=utf-8\r\ncontent-length: {len(said)}\r\n"
        start = STATUS_LINE[status] + lines.encode() + b"connection: close\r\n\r\n"
        self.transport.write(start + said)
        self._linger()

    def _linger(self) -> None:
        # Closed at once, with bytes still to come, the kernel would take the answer back.
        self._deaf = True
        self.transport.write_eof()
        self._within(LINGER_SECONDS, self.transport.close)

    def _cycle(self) -> RequestResponseCycle | None:
        """The last request with its answer; uvicorn's type hides that there is none at first."""
        return self.cycle

    def _within(self, seconds: float | None, then: Callable[[], Any] | None = None) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
        if seconds is not None and then is not None:
            self._limit = self.loop.call_later(seconds, then)


class Out(asyncio.Transport):
    """What uvicorn writes one answer to, and closes after the last one of a connection."""

    def __init__(self, wire: Wire, cycle: RequestResponseCycle) -> None:
        """Lead to the connection itself."""
        super().__init__()
        self._wire, self._cycle = wire, cycle

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write to the connection."""
        self._wire.transport.write(data)

    def is_closing(self) -> bool:
        """Whether the connection is."""
        return self._wire.transport.is_closing()

    def close(self) -> None:
        """Close the connection when its peer can read all that was written."""
        self._wire.part(self._cycle)
