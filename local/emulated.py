"""What the emulated services have in common: a message taken or refused, or lost as ordered.

Bare ASGI apps, because one of them is also the sink of the benchmarks and must not be their limit.
"""

import asyncio
from abc import ABC, abstractmethod
from datetime import datetime
from typing import NamedTuple, TypeAlias

import orjson
from starlette.types import Receive, Scope, Send

from core import clock
from core.errors import Invalid
from local.faults import LONGEST_SECONDS, Dice, Fault
from local.ledger import Ledger
from local.serving import CUT

BODY_LIMIT = 1024 * 1024
"""Octets of a request's body; a longer one is a bad request."""

Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]

_JSON: Headers = ((b"content-type", b"application/json"),)
_HTML: Headers = ((b"content-type", b"text/html; charset=utf-8"),)


class Reply(NamedTuple):
    """An answer in full."""

    status: int
    body: bytes
    headers: Headers = _JSON


GARBAGE = Reply(200, b"<html><body><h1>It works!</h1></body></html>", _HTML)


def reply(status: int, content: object, headers: Headers = ()) -> Reply:
    """An answer in JSON."""
    return Reply(status, orjson.dumps(content), _JSON + headers)


class Emulated(ABC):
    """A service that takes messages by POST. The dice may be exchanged at any time."""

    down: Reply
    not_post: Reply
    unauthorized: Reply
    refused: Reply
    crashed: Reply

    def __init__(self, ledger: Ledger) -> None:
        """Accept into this ledger."""
        self.ledger = ledger
        self.dice = Dice()

    @abstractmethod
    def admits(self, scope: Scope) -> bool:
        """Whether the request shows a token that may come in."""

    @abstractmethod
    def too_many(self, seconds: int) -> Reply:
        """The answer to too many requests, with the wait that it asks for."""

    @abstractmethod
    def bad_request(self, problem: str) -> Reply:
        """The answer to a request that makes no sense."""

    @abstractmethod
    def accept(self, path: str, body: bytes, came: datetime) -> Reply:
        """Write a message down, and answer; raises Invalid, saying what the service expects."""

    def expire(self) -> None:  # noqa: B027 - most have no tokens that expire
        """Let in nobody, until there is a fresh token."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or fail to, as the dice fall."""
        dice = self.dice
        body = await _body(receive)
        came = clock.now()
        fault = dice.fault()
        if delay := dice.delay():
            await asyncio.sleep(delay)
        if dice.faults.down == "close" or fault is Fault.RESET_BEFORE:
            await _cut(scope, receive, reset=fault is Fault.RESET_BEFORE)
        elif refusal := self._refusal(scope, fault):
            await _reply(send, refusal)
        elif fault is Fault.HANG:
            await _hang(scope, receive)
        else:
            try:
                taken = self.accept(scope["path"], body, came)
            except Invalid as error:
                await _reply(send, self.bad_request(str(error)))
            else:
                await self._acknowledge(taken, fault, scope, receive, send)

    def _refusal(self, scope: Scope, fault: Fault | None) -> Reply | None:
        """The answer to a request that is not even looked into."""
        if self.dice.faults.down:
            return self.down
        if scope["method"] != "POST":
            return self.not_post
        if fault is Fault.EXPIRE:
            self.expire()
        if fault is Fault.UNAUTHORIZED or not self.admits(scope):
            return self.unauthorized
        match fault:
            case Fault.TOO_MANY:
                return self.too_many(self.dice.faults.retry_after_seconds)
            case Fault.REFUSE:
                return self.refused
            case Fault.ERROR:
                return self.crashed
            case Fault.GARBAGE_BEFORE:
                return GARBAGE
            case _:
                return None

    async def _acknowledge(
        self, taken: Reply, fault: Fault | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Tell the client that its message was accepted, or let the answer be lost."""
        half = taken.body[: len(taken.body) // 2]
        match fault:
            case Fault.GARBAGE_AFTER:
                await _reply(send, GARBAGE)
            case Fault.ERROR_AFTER:
                await _reply(send, self.crashed)
            case Fault.HANG_AFTER:
                await _hang(scope, receive)
            case Fault.CUT:
                await _reply(send, taken._replace(body=half))
            case Fault.BREAK:
                await _begin(send, taken)
                await send({"type": "http.response.body", "body": half, "more_body": True})
                await _cut(scope, receive, reset=False)
            case Fault.RESET:
                await _cut(scope, receive, reset=True)
            case _:
                await _reply(send, taken)


def json_of(body: bytes) -> object:
    """What a body says; raises Invalid if that is not JSON, and gives None if it is too long."""
    try:
        return orjson.loads(body) if len(body) <= BODY_LIMIT else None
    except orjson.JSONDecodeError:
        raise Invalid("the body is not JSON") from None


def header(scope: Scope, wanted: bytes) -> bytes:
    """The first header of this name, empty without one."""
    given = (bytes(value) for name, value in scope["headers"] if name == wanted)
    return next(given, b"")


async def _begin(send: Send, reply: Reply) -> None:
    length = (b"content-length", str(len(reply.body)).encode("ascii"))
    headers = (*reply.headers, length)
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})


async def _reply(send: Send, reply: Reply) -> None:
    await _begin(send, reply)
    await send({"type": "http.response.body", "body": reply.body})


async def _body(receive: Receive) -> bytes:
    """The body, as far as a little over BODY_LIMIT or until the client leaves."""
    event = await receive()
    body: bytes = event.get("body", b"")
    while event.get("more_body") and len(body) <= BODY_LIMIT:
        event = await receive()
        body += event.get("body", b"")
    return body


async def _hang(scope: Scope, receive: Receive) -> None:
    """Say nothing until the client leaves, or for LONGEST_SECONDS."""
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            await _departure(receive)
    except TimeoutError:
        await _cut(scope, receive, reset=True)


async def _cut(scope: Scope, receive: Receive, *, reset: bool) -> None:
    scope["extensions"][CUT](reset)
    await _departure(receive)


async def _departure(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
