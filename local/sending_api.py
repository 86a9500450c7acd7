"""The emulator of the external sending API (M10)."""

import re
from datetime import datetime
from typing import NamedTuple

from starlette.types import Scope

from core.errors import Invalid
from local.emulated import Emulated, Headers, Reply, header, json_of, reply
from local.ledger import Ledger
from local.tokens import Tokens

PREFIX = "/v1/send/"

_INT64 = range(-(2**63), 2**63)
_NUMBER = re.compile(r"-?[0-9]{1,19}")


class Message(NamedTuple):
    """What a good request asks to be sent."""

    number: int
    phone: int
    text: str


def _error(status: int, message: str, headers: Headers = ()) -> Reply:
    return reply(status, {"code": 1, "message": message}, headers)


OK = Reply(200, b'{"code":0,"message":"OK"}')


class SendingApi(Emulated):
    """The endpoint `POST /v1/send/{msgId}`."""

    down = _error(503, "the service is down")
    not_post = _error(405, "only POST is answered here", ((b"allow", b"POST"),))
    unauthorized = _error(401, "no valid token", ((b"www-authenticate", b"Bearer"),))
    refused = _error(400, "refused, as ordered")
    crashed = _error(500, "crashed, as ordered")

    def __init__(self, tokens: Tokens, ledger: Ledger) -> None:
        """Accept into this ledger from who has a token."""
        super().__init__(ledger)
        self._tokens = tokens

    def admits(self, scope: Scope) -> bool:
        """Whether the Bearer token is good."""
        return self._tokens.admits(header(scope, b"authorization"))

    def expire(self) -> None:
        """Until a fresh one comes from `/oauth/token`, no token is good."""
        self._tokens.expire()

    def too_many(self, seconds: int) -> Reply:
        """429."""
        wait = ((b"retry-after", str(seconds).encode("ascii")),)
        return _error(429, "too many requests", wait)

    def bad_request(self, problem: str) -> Reply:
        """400."""
        return _error(400, problem)

    def accept(self, path: str, body: bytes, came: datetime) -> Reply:
        """Write it down by its number."""
        message = _message(path, body)
        self.ledger.accept(message.number, came, phone=message.phone, text=message.text)
        return OK


def _message(path: str, body: bytes) -> Message:
    """The message of a request; raises Invalid, saying what the service expects."""
    number = path.removeprefix(PREFIX)
    match json_of(body):
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
