"""One WebSocket connection (RFC 6455) as uvicorn's server hands it over after the upgrade.

Frames and the handshake are the package websockets' own. Everything else is as little as a socket
needs that does nothing most of its life: no queue, no timer, no task. docs/decisions/0015 has why.
"""

import asyncio
import logging
import socket
from typing import Protocol, cast

from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import SEND_EOF, State
from websockets.server import ServerProtocol

from graph.socket_codes import Code
from graph.socket_frames import Handshake, head
from graph.socket_jam import Jam
from graph.socket_listener import Listener

SMALL_FRAME = 64 * 1024
"""Bytes of a message while nobody knows who sends it: room for any token."""
SEND_BUFFER = 64 * 1024
"""Bytes the kernel keeps for a peer that does not read; it doubles what it is told."""
LONGEST_REASON = 123
"""Bytes that a close frame has for its reason (RFC 6455, section 5.5)."""

_logger = logging.getLogger("websockets.server")


class Front(Protocol):
    """What decides about new lines."""

    def refusal(self, line: "Line", request: Request) -> tuple[int, str] | None:
        """A status and a message for an upgrade that is refused."""

    def opened(self, line: "Line", request: Request) -> Listener:
        """Take a new line, whose handshake has been answered."""

    def ended(self, line: "Line") -> None:
        """Forget a line."""

    def leave(self, line: "Line") -> None:
        """Close a line soon, since the process stops."""


class Line(asyncio.Protocol):
    """A connection: reads messages, sends messages, knows when its peer has gone."""

    __slots__ = (
        "_conn",
        "_front",
        "_listener",
        "_loop",
        "_message",
        "_transport",
        "_uvicorn",
        "closing_at",
        "heard_at",
        "jam",
        "pinged_at",
        "subprotocol",
    )

    def __init__(self, front: Front, uvicorn: ServerState) -> None:
        """Of a server; uvicorn waits at its end for the connections it knows."""
        self._front = front
        self._uvicorn = uvicorn
        self._loop = asyncio.get_running_loop()
        self._conn: ServerProtocol = Handshake(logger=_logger)
        self._listener: Listener | None = None
        self._message: bytearray | None = None
        self._transport: asyncio.Transport
        self.jam: Jam | None = None
        self.heard_at = self._loop.time()
        self.closing_at: float | None = None
        self.pinged_at: float | None = None
        """When a ping was sent that nothing came after, by the loop's clock."""
        self.subprotocol: str | None = None
        """What both sides speak; None if the peer offered nothing that is spoken here."""

    @property
    def peer(self) -> str | None:
        """The address at the other end."""
        name = self._transport.get_extra_info("peername")
        return str(name[0]) if name else None

    @property
    def is_open(self) -> bool:
        """Whether anything can still be sent."""
        return self._conn.state is State.OPEN

    def largest(self, octets: int) -> None:
        """Take messages up to this size from now on."""
        self._conn.max_message_size = octets

    def send(self, text: bytes) -> None:
        """Send a message without waiting; to a closed line, nothing."""
        if self._conn.state is State.OPEN and not self._transport.is_closing():
            self._transport.write(head(len(text)) + text)

    async def say(self, text: bytes) -> None:
        """Send a message once the peer has read enough of those before."""
        while self.jam is not None:
            await self.jam.wait(len(text))
        self.send(text)

    async def writable(self) -> None:
        """Return once the peer has read enough to be sent more."""
        while self.jam is not None:
            await self.jam.wait()

    def unread_since(self, now: float) -> float | None:
        """Since when the peer has not read what was sent, by the loop's clock; None if it does."""
        if self.jam is None:
            return None
        self.jam.look(now, self._transport.get_write_buffer_size())
        return self.jam.since

    def ping(self) -> None:
        """Ask whether the peer is there; whatever it sends next says that it is."""
        self.pinged_at = self._loop.time()
        if self.is_open:
            self._conn.send_ping(b"")
            self._flush()

    def close(self, code: Code, reason: str) -> None:
        """Close, unless that has happened, with as much of the reason as a frame holds."""
        if self.is_open:
            said = reason.encode()[:LONGEST_REASON].decode(errors="ignore")
            self._conn.send_close(code.value, said)
            self._flush()
            self._over()

    def silence(self) -> None:
        """Read nothing more; what the peer goes on to send stays with its own kernel."""
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def abort(self) -> None:
        """Cut the connection; what was not sent yet is lost."""
        self._transport.abort()
        self._over()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Uvicorn has a request to upgrade."""
        self._transport = cast("asyncio.Transport", transport)
        self._uvicorn.connections.add(self)  # type: ignore[arg-type] # any with a shutdown()

    def data_received(self, data: bytes) -> None:
        """Take what the peer sent; what comes after a close is not looked at."""
        self.heard_at, self.pinged_at = self._loop.time(), None
        self._conn.receive_data(data)
        for event in self._conn.events_received():
            if isinstance(event, Request):
                self._shake_hands(event)
            elif isinstance(event, Frame) and self.closing_at is None:
                self._take(event)
        self._flush()

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone."""
        self._uvicorn.connections.discard(self)
        self.resume_writing()
        self._over()
        self._front.ended(self)

    def pause_writing(self) -> None:
        """The peer does not read: neither is it read, and whoever sends to it waits."""
        self.jam = Jam(self._loop.time(), self._transport.get_write_buffer_size())
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """The peer reads again."""
        jam, self.jam = self.jam, None
        if jam is not None:
            jam.end()
            # While it was not listened to, its reading was its sign of life.
            self.heard_at, self.pinged_at = self._loop.time(), None
            if not self._transport.is_closing():
                self._transport.resume_reading()

    def shutdown(self) -> None:
        """Uvicorn stops."""
        self._front.leave(self)

    def _shake_hands(self, request: Request) -> None:
        refusal = self._front.refusal(self, request)
        response = self._conn.reject(*refusal) if refusal else self._conn.accept(request)
        self._conn.send_response(response)
        self._flush()
        if self.is_open:
            self.subprotocol = self._conn.subprotocol
            # The parser of a handshake keeps the request for as long as it lives.
            self._conn = ServerProtocol(state=State.OPEN, max_size=SMALL_FRAME, logger=_logger)
            sock = self._transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
            self._listener = self._front.opened(self, request)

    def _take(self, frame: Frame) -> None:
        listener = self._listener
        if listener is None or not listener.may_go_on(len(frame.data)):
            return
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            self._take_part(listener, frame)

    def _take_part(self, listener: Listener, frame: Frame) -> None:
        if frame.opcode is Opcode.BINARY:
            listener.heard(None)
            return
        whole = bytes(frame.data)
        # The parser keeps the last frame for as long as the next does not come.
        frame.data = b""
        if self._message is not None or not frame.fin:
            self._message = self._message or bytearray()
            self._message += whole
            if not frame.fin:
                return
            whole, self._message = bytes(self._message), None
        try:
            listener.heard(whole.decode())
        except UnicodeDecodeError:
            self._conn.fail(Code.INVALID_TEXT.value, "a text that is not UTF-8")

    def _flush(self) -> None:
        """Send what the frames' protocol wants sent, and end the connection where it says so."""
        writes = self._conn.data_to_send()
        if not writes or self._transport.is_closing():
            return
        self._transport.write(b"".join(writes))
        if SEND_EOF not in writes:
            return
        self._over()
        if self._conn.close_sent is not None and self._conn.close_rcvd is None:
            # A peer in the wrong may still be sending: closed now, it would meet a reset, not why.
            self._transport.write_eof()
        else:
            self._transport.close()

    def _over(self) -> None:
        if self.closing_at is None:
            self.closing_at = self._loop.time()
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.left()
