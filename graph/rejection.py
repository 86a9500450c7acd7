"""Requests that never became an operation: what they are answered."""

import secrets
from collections.abc import Mapping
from typing import Any

from pymongo.errors import AutoReconnect, ServerSelectionTimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from core import events
from core.allowance import Allowance
from core.errors import (
    BelfryError,
    Forbidden,
    Invalid,
    NotTrusted,
    RateLimited,
    TimedOut,
    Unauthenticated,
    Unavailable,
)
from graph import outgoing
from graph.accept import LEGACY

BAD_REQUEST = "BAD_REQUEST"
STATUS = {
    Unauthenticated.code: 401,
    Forbidden.code: 403,
    NotTrusted.code: 403,
    RateLimited.code: 429,
    BelfryError.code: 500,
    Unavailable.code: 503,
    TimedOut.code: 503,
}
"""By the code of an error; all others are a client's mistake, 400."""
HELP = {
    Unauthenticated.code: {"WWW-Authenticate": "Bearer"},
    Unavailable.code: {"Retry-After": "1"},
}
ALWAYS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
"""Answers are one caller's own, and are what their media type says."""


class Rejected(Exception):
    """The request never became an operation: a status, a message, and headers that help."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str = BAD_REQUEST,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """What to answer."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = {**HELP.get(code, {}), **(headers or {})}


def of(error: Exception) -> Rejected:
    """What to answer to any error; what nobody expected is masked, and the log has it by an id."""
    match error:
        case Rejected():
            return error
        case Invalid():
            return Rejected(400, str(error))
        case AutoReconnect() | ServerSelectionTimeoutError():
            events.emit("database.unreachable", error=str(error))
            return of(Unavailable())
        case RateLimited(allowance=allowance):
            headers = {**allowance.headers, "Retry-After": str(allowance.retry_after)}
            return Rejected(STATUS[error.code], str(error), error.code, headers)
        case Unauthenticated(allowance=Allowance() as allowance):
            return Rejected(STATUS[error.code], str(error), error.code, allowance.headers)
        case BelfryError():
            return Rejected(STATUS.get(error.code, 400), str(error), error.code)
        case _:
            reference = secrets.token_hex(8)
            events.emit("request.failed", reference=reference, exc_info=error)
            message = f"an internal error; the log has it as {reference}"
            return Rejected(500, message, BelfryError.code)


def answer(rejected: Rejected, media_type: str, headers: Mapping[str, str]) -> Response:
    """The refusal as a GraphQL response that holds only an error."""
    said = refusal(str(rejected), rejected.code)
    return _response(said, media_type, rejected.status, {**headers, **rejected.headers})


async def refuse(_: Request, error: Exception) -> Response:
    """What Starlette itself refuses, such as a method or a path, said in JSON as well."""
    assert isinstance(error, HTTPException)
    rejected = Rejected(error.status_code, error.detail, headers=error.headers)
    return answer(rejected, LEGACY, {})


def refusal(message: str, code: str) -> bytes:
    """A GraphQL response that holds only this error."""
    return outgoing.write({"errors": [{"message": message, "extensions": {"code": code}}]})


def json(
    body: Mapping[str, Any], media_type: str, status: int, headers: Mapping[str, str]
) -> Response:
    """A GraphQL response."""
    return _response(outgoing.write(body), media_type, status, headers)


def _response(content: bytes, media_type: str, status: int, headers: Mapping[str, str]) -> Response:
    return Response(content, status, {**ALWAYS, **headers}, f"{media_type}; charset=utf-8")
