"""One socket of the protocol graphql-transport-ws: what is said on it, and by whom.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

import asyncio
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

import orjson

from core.errors import BelfryError
from core.parts import Parts
from core.settings import Settings
from core.tokens import LEEWAY
from graph import gate, incoming, socket_greeting
from graph.auth import authorization_of_socket
from graph.context import Context
from graph.request import Operation
from graph.socket_codes import Code
from graph.socket_credit import Credit
from graph.socket_greeting import Refused
from graph.socket_line import Line
from graph.socket_operation import AT_ONCE, Running, is_request
from graph.socket_remains import Remains
from rules.roles import Principal

INIT_SECONDS = 5.0
LONGEST_ID = 4_096

_ACKNOWLEDGED = b'{"type":"connection_ack"}'
_PONG = b'{"type":"pong"}'

Message = dict[str, Any]


class House(Protocol):
    """What a socket belongs to: the process with all its sockets."""

    settings: Settings
    remains: Remains

    @property
    def parts(self) -> Parts:
        """What resolvers work with."""

    def greet(self, socket: "Socket", principal: Principal | None) -> bool:
        """Count a socket to its principal; whether it may have one more."""

    def forget(self, socket: "Socket") -> None:
        """A socket is over."""


class Socket:
    """Answers each message, and runs the operations."""

    __slots__ = (
        "_credit",
        "_gone",
        "_greeting",
        "_hailed",
        "_handshake",
        "_house",
        "_leaving",
        "_opened_at",
        "_peer",
        "_size",
        "greeted",
        "line",
        "operations",
        "principal",
        "turns",
    )

    def __init__(self, house: House, line: Line, handshake: str | None, peer: str | None) -> None:
        """With the Authorization header that it was opened with, and the address it came from."""
        self._house = house
        self.line = line
        self._handshake = handshake
        self._peer = peer
        self._size = 0
        """Characters of the message that is being answered."""
        self._greeting: asyncio.Task[None] | None = None
        self._hailed = False
        self._gone = False
        self._leaving = False
        self._opened_at = line.heard_at
        self._credit = Credit(line.heard_at, house.settings.socket_messages_per_second)
        self.greeted = False
        self.principal: Principal | None = None
        self.operations: dict[str, Running] = {}
        self.turns = asyncio.Semaphore(AT_ONCE)

    @property
    def network(self) -> str:
        """Where it comes from, as addresses are counted together."""
        return gate.network(self._peer)

    @property
    def _caller(self) -> str:
        return self.network if self.principal is None else self.principal.subject

    def may_go_on(self, octets: int) -> bool:
        """Count one frame, a long one more than once; who sends too many of them is closed."""
        rate = self._house.settings.socket_messages_per_second
        if self._credit.take(self.line.heard_at, rate, octets):
            return True
        self.line.close(Code.POLICY, "too many messages a second")
        self.line.silence()
        return False

    def heard(self, text: str | None) -> None:
        """Answer a message of any shape by the protocol."""
        try:
            said = incoming.read(text) if text is not None else None
        except ValueError:
            said = None
        self._size = len(text or "")
        message: Message = said if isinstance(said, dict) else {}
        kind = message.get("type")
        answer = _ANSWERS.get(kind) if isinstance(kind, str) else None
        if answer is None or not isinstance(message.get("payload"), dict | None):
            self._refuse("a message is an object in JSON, of a type that clients send")
        else:
            answer(self, message)

    def left(self) -> None:
        """Leave nothing behind but changes that are being made."""
        self._gone = True
        if self._greeting is not None:
            self._house.remains.end(self._greeting)
        while self.operations:
            self._stop(self.operations.popitem()[1])
        self._house.forget(self)

    def overdue(self, now: float, today: datetime) -> None:
        """Close what has waited too long for its greeting, or whose token has ended."""
        if not self._hailed and now - self._opened_at > INIT_SECONDS:
            self.line.close(Code.INIT_TIMEOUT, "Connection initialisation timeout")
        ends = self.principal.expires_at if self.principal else None
        if ends is not None and ends + LEEWAY <= today:
            self.line.close(Code.FORBIDDEN, "the token has ended")

    def leave(self) -> None:
        """Close with 1012, after the queries and mutations that are under way."""
        self._leaving = True
        self.finished()

    def finished(self) -> None:
        """An operation has come to its end."""
        if self._leaving and not any(each.finite for each in self.operations.values()):
            self.line.close(Code.RESTART, "restarting; connect again")

    def _init(self, message: Message) -> None:
        if self._hailed:
            self.line.close(Code.GREETED_TWICE, "Too many initialisation requests")
            return
        self._hailed = True
        said = authorization_of_socket(message.get("payload"), self._handshake)
        self._handshake = None
        self._greeting = asyncio.create_task(self._greet(said))

    async def _greet(self, said: str | None) -> None:
        context = Context(self._house.parts, peer=self._peer)
        try:
            await socket_greeting.sign_in(context, said)
        except Refused as refused:
            self.line.close(refused.code, refused.reason)
        else:
            self._welcome(context.principal)
        self._greeting = None

    def _welcome(self, principal: Principal | None) -> None:
        if self._gone:
            return
        if not self._house.greet(self, principal):
            self.line.close(Code.LATER, "too many sockets of one user")
            return
        self.greeted = True
        if principal is not None:
            self.line.largest(self._house.settings.socket_frame_bytes)
        self.line.send(_ACKNOWLEDGED)

    def _ping(self, message: Message) -> None:
        payload = message.get("payload")
        # The standard library's, because orjson writes no integer of more than 64 bits.
        said = json.dumps({"type": "pong", "payload": payload}, ensure_ascii=False)
        self.line.send(_PONG if payload is None else said.encode())

    def _pong(self, _: Message) -> None:
        """Nothing to say to that."""

    def _subscribe(self, message: Message) -> None:
        name, payload = message.get("id"), message.get("payload")
        if not self.greeted:
            self.line.close(Code.UNGREETED, "Unauthorized")
        elif not isinstance(name, str) or not 0 < len(name) <= LONGEST_ID:
            self._refuse(f"subscribe needs an id of 1 to {LONGEST_ID} characters")
        elif payload is None or not is_request(payload):
            self._refuse("subscribe needs a payload with a query")
        elif name in self.operations:
            self.line.close(Code.TAKEN, f"Subscriber for {name} already exists")
        elif not self._leaving:
            # One that comes while the socket is leaving is asked again by its client elsewhere.
            self._start(name, payload)

    def _start(self, id_: str, said: Message) -> None:
        settings = self._house.settings
        sizes = [self._size, *(each.size for each in self.operations.values())]
        try:
            self._house.remains.check_room(settings, self._caller, sizes)
            operation = Operation(
                gate.document(settings, said),
                said.get("variables"),
                said.get("operationName") or None,
            )
        except BelfryError as error:
            errors = [{"message": str(error), "extensions": {"code": error.code}}]
            self.line.send(orjson.dumps({"id": id_, "type": "error", "payload": errors}))
        else:
            context = Context(self._house.parts, self.principal, peer=self._peer)
            self.operations[id_] = Running(self, id_, operation, context, self._size)

    def _complete(self, message: Message) -> None:
        name = message.get("id")
        if not isinstance(name, str):
            self._refuse("complete needs an id")
        elif (operation := self.operations.pop(name, None)) is not None:
            self._stop(operation)
            self.finished()

    def _stop(self, operation: Running) -> None:
        if operation.stop():
            self._house.remains.keep(operation.task, self._caller, operation.size)
        else:
            self._house.remains.end(operation.task)

    def _refuse(self, why: str) -> None:
        self.line.close(Code.BAD_MESSAGE, why)


_ANSWERS: dict[str, Callable[[Socket, Message], None]] = {
    "connection_init": Socket._init,  # noqa: SLF001
    "ping": Socket._ping,  # noqa: SLF001
    "pong": Socket._pong,  # noqa: SLF001
    "subscribe": Socket._subscribe,  # noqa: SLF001
    "complete": Socket._complete,  # noqa: SLF001
}
