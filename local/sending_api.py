"""The emulator of the external sending API (M10), with faults to order.

A bare ASGI app, because it is also the sink of the benchmarks and must not be their limit.
"""

import asyncio
import re
from typing import NamedTuple, TypeAlias

import orjson
from starlette.types import Receive, Scope, Send

from core import clock
from core.errors import Invalid
from local.faults import LONGEST_SECONDS, Dice, Fault
from local.ledger import Ledger
from local.serving import CUT
from local.tokens import Tokens

PREFIX = "/v1/send/"

BODY_LIMIT = 1024 * 1024
"""Octets of a request's body; a longer one is a bad request."""

Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]

_INT64 = range(-(2**63), 2**63)
_NUMBER = re.compile(r"-?[0-9]{1,19}")
_JSON: Headers = ((b"content-type", b"application/json"),)
_HTML: Headers = ((b"content-type", b"text/html; charset=utf-8"),)
_TAKEN = b'{"code":0,"message":"OK"}'


class Reply(NamedTuple):
    """An answer in full."""

    status: int
    body: bytes
    headers: Headers = _JSON


class Message(NamedTuple):
    """What a good request asks to be sent."""

    number: int
    phone: int
    text: str


def _error(status: int, message: str, headers: Headers = ()) -> Reply:
    return Reply(status, orjson.dumps({"code": 1, "message": message}), _JSON + headers)


OK = Reply(200, _TAKEN)
HALF = Reply(200, _TAKEN[: len(_TAKEN) // 2])
GARBAGE = Reply(200, b"<html><body><h1>It works!</h1></body></html>", _HTML)
DOWN = _error(503, "the service is down")
NOT_POST = _error(405, "only POST is answered here", ((b"allow", b"POST"),))
UNAUTHORIZED = _error(401, "no valid token", ((b"www-authenticate", b"Bearer"),))
REFUSED = _error(400, "refused, as ordered")
CRASHED = _error(500, "crashed, as ordered")


class SendingApi:
    """The endpoint `POST /v1/send/{msgId}`."""

    def __init__(self, tokens: Tokens, ledger: Ledger) -> None:
        """Accept into this ledger from who has a token. The dice may be exchanged at any time."""
        self.ledger = ledger
        self.dice = Dice()
        self._tokens = tokens

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
                message = _message(scope["path"], body)
            except Invalid as error:
                await _reply(send, _error(400, str(error)))
            else:
                phone, text = message.phone, message.text
                self.ledger.accept(message.number, came, phone=phone, text=text)
                await _acknowledge(fault, scope, receive, send)

    def _refusal(self, scope: Scope, fault: Fault | None) -> Reply | None:
        """The answer to a request that is not even looked into."""
        if self.dice.faults.down:
            return DOWN
        if scope["method"] != "POST":
            return NOT_POST
        if fault is Fault.EXPIRE:
            self._tokens.expire()
        if fault is Fault.UNAUTHORIZED or not self._admits(scope):
            return UNAUTHORIZED
        match fault:
            case Fault.TOO_MANY:
                seconds = str(self.dice.faults.retry_after_seconds).encode("ascii")
                return _error(429, "too many requests", ((b"retry-after", seconds),))
            case Fault.REFUSE:
                return REFUSED
            case Fault.ERROR:
                return CRASHED
            case Fault.GARBAGE_BEFORE:
                return GARBAGE
            case _:
                return None

    def _admits(self, scope: Scope) -> bool:
        headers = scope["headers"]
        given = (bytes(value) for name, value in headers if name == b"authorization")
        return self._tokens.admits(next(given, b""))


def _message(path: str, body: bytes) -> Message:
    """The message of a request; raises Invalid, saying what the service expects."""
    try:
        content = orjson.loads(body) if len(body) <= BODY_LIMIT else None
    except orjson.JSONDecodeError:
        raise Invalid("the body is not JSON") from None
    number = path.removeprefix(PREFIX)
    match content:
        case {"id": int(ident), "phone": int(phone), "text": str(text)} if _is_int64(
            ident
        ) and _is_int64(phone):
            if not _NUMBER.fullmatch(number) or int(number) != ident:
                raise Invalid("the id in the address must be the one in the body")
            return Message(ident, phone, text)
        case _:
            raise Invalid('the body must be {"id": int64, "phone": int64, "text": string}')


def _is_int64(value: int) -> bool:
    return type(value) is int and value in _INT64


async def _acknowledge(fault: Fault | None, scope: Scope, receive: Receive, send: Send) -> None:
    """Tell the client that its message was accepted, or let the answer be lost."""
    match fault:
        case Fault.GARBAGE_AFTER:
            await _reply(send, GARBAGE)
        case Fault.ERROR_AFTER:
            await _reply(send, CRASHED)
        case Fault.HANG_AFTER:
            await _hang(scope, receive)
        case Fault.CUT:
            await _reply(send, HALF)
        case Fault.BREAK:
            await _begin(send, OK)
            await send({"type": "http.response.body", "body": HALF.body, "more_body": True})
            await _cut(scope, receive, reset=False)
        case Fault.RESET:
            await _cut(scope, receive, reset=True)
        case _:
            await _reply(send, OK)


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
