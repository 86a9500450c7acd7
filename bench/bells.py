"""Many bells in one process: raw WebSocket subscribers that cost next to nothing themselves."""

import asyncio
import sys
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

import orjson

from core import tokens
from local.ports import LOOPBACK
from rules import inbox

AT_ONCE = 50
"""Handshakes under way at once."""
EVENTS = """subscription Bell($user: ID!, $after: String) {
  inboxEvents(userId: $user, after: $after) {
    __typename
    cursor
    unread
    replayed
    ... on NotificationCreated {
      notification { id timestamp isNew key targetId title body data cursor }
    }
  }
}"""
"""What a front end's bell asks for."""

PING = 0x89
TEXT = 0x81
_LONG = 126
"""Says that the length is in the next two octets (RFC 6455, section 5.2)."""

Hear = Callable[[str, bytes], None]
"""What to do with a user's event, as the JSON of the frame."""


class Wrong(Exception):
    """The server does not say what it should."""


@dataclass(frozen=True, slots=True)
class Audience:
    """So many sockets, each with one subscription; every user has a few, as browsers have tabs."""

    port: int
    secret: str
    sockets: int
    tabs: int
    first: int = 0
    """Number of the first user."""

    @property
    def users(self) -> list[str]:
        """Whom the sockets belong to. Each must have one notification, with the `seq` 1."""
        numbers = range(self.first, self.first + self.sockets // self.tabs)
        return [f"{0xBE11 << 80 | number:024x}" for number in numbers]


class Bell(asyncio.Protocol):
    """One socket: greets, subscribes from the beginning, and passes on what it hears."""

    def __init__(self, audience: Audience, user: str, hear: Hear) -> None:
        self._audience = audience
        self._user = user
        self._hear = hear
        self._rest = b""
        self._greeted = False
        self._transport: asyncio.Transport | None = None
        self.subscribed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done with the first, replayed event: what is published from then on must arrive."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the socket."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(_handshake(self._audience.port))

    def data_received(self, data: bytes) -> None:
        """Cut the stream into frames."""
        data = self._rest + data
        if not self._greeted:
            data = self._greet(data)
        place, end = 0, len(data)
        while end - place >= 4:
            start, length = place + 2, data[place + 1]
            if length == _LONG:
                start, length = place + 4, data[place + 2] << 8 | data[place + 3]
            if end < start + length:
                break
            self._take(data[place], data[start : start + length])
            place = start + length
        self._rest = data[place:]

    def connection_lost(self, error: Exception | None) -> None:
        """A server that hangs up spoils the measurement."""
        if not self.subscribed.done():
            self.subscribed.set_exception(Wrong(f"hung up: {self._rest[-500:]!r} {error}"))

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()

    def _greet(self, data: bytes) -> bytes:
        head, found, rest = data.partition(b"\r\n\r\n")
        if not found:
            return data
        if not head.startswith(b"HTTP/1.1 101"):
            raise Wrong(head.decode())
        self._greeted = True
        token = tokens.sign(self._audience.secret, self._user, "subscriber", timedelta(hours=1))
        self._say({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}})
        return rest

    def _take(self, opcode: int, text: bytes) -> None:
        if opcode == PING:
            self._write(0x8A, text)
        elif self.subscribed.done():
            self._hear(self._user, text)
        elif b'"connection_ack"' in text:
            variables = {"user": self._user, "after": inbox.cursor(self._user, 0)}
            payload = {"query": EVENTS, "variables": variables}
            self._say({"type": "subscribe", "id": "1", "payload": payload})
        elif b'"NotificationCreated"' in text:
            self.subscribed.set_result(None)
        else:
            self.subscribed.set_exception(Wrong(text.decode()))

    def _say(self, message: dict[str, object]) -> None:
        self._write(TEXT, orjson.dumps(message))

    def _write(self, opcode: int, text: bytes) -> None:
        assert self._transport is not None
        short = len(text) < _LONG
        length = bytes([len(text)]) if short else bytes([_LONG]) + len(text).to_bytes(2)
        # Masked, as a client must, by a mask of zeros.
        masked = bytes([opcode, length[0] | 0x80]) + length[1:] + bytes(4) + text
        self._transport.write(masked)


def _handshake(port: int) -> bytes:
    key = b64encode(bytes(16)).decode()
    head = (
        f"GET /graphql HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\nConnection: Upgrade\r\n"
        f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
        "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
    )
    return head.encode()


async def ring(audience: Audience, hear: Hear) -> list[Bell]:
    """Open all sockets and wait until each is subscribed; raises Wrong if one is refused."""
    loop = asyncio.get_running_loop()
    room = asyncio.Semaphore(AT_ONCE)

    async def one(user: str) -> Bell:
        async with room:
            _, bell = await loop.create_connection(
                lambda: Bell(audience, user, hear), LOOPBACK, audience.port
            )
            await bell.subscribed
            return bell

    return list(await asyncio.gather(*map(one, audience.users * audience.tabs)))


def tell(answer: object) -> None:
    """Write JSON to stdout, all of it: where it has no buffer, a write may fall short."""
    with open(sys.stdout.fileno(), "wb", closefd=False) as out:
        out.write(orjson.dumps(answer) + b"\n")
