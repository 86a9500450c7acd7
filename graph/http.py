"""GraphQL over HTTP, after the GraphQL working group's draft."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import ExecutionResult, PreExecutionError
from strawberry.types.graphql import OperationType

from core.errors import Unauthenticated, Unavailable
from graph import incoming
from graph.auth import principal_of
from graph.context import Context
from graph.schema import schema

MODERN = "application/graphql-response+json"
LEGACY = "application/json"
BODY_LIMIT = 8 * 1024 * 1024
"""Bytes of a request: room for 1,000 notifications of a usual size."""
OPERATION_SECONDS = 30.0
ALLOWED = {
    "GET": {OperationType.QUERY},
    "HEAD": {OperationType.QUERY},
    "POST": {OperationType.QUERY, OperationType.MUTATION},
}
CLIENT_LEFT = 499
"""Nobody reads this status; the log of a proxy may know it from nginx."""


class Rejected(Exception):
    """The request never became an operation: a status, a message, and headers that help."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str = "BAD_REQUEST",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """What to answer."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True)
class Operation:
    """What a client asks to be executed."""

    query: str
    variables: dict[str, Any] | None
    name: str | None


async def answer(request: Request) -> Response:
    """Execute one operation; every answer, also a refusal, is a GraphQL response in JSON."""
    media_type = LEGACY
    try:
        media_type = _media_type(request.headers.get("accept", ""))
        operation = await _operation(request)
        context = await _context(request)
        result = await _execute(operation, context, request.method)
    except Rejected as rejected:
        return _refusal(rejected, media_type)
    except ClientDisconnect:
        return Response(status_code=CLIENT_LEFT)
    body: dict[str, Any] = {}
    if result.errors:
        body["errors"] = [error.formatted for error in result.errors]
    refused = _never_executed(result)
    if not refused:
        body["data"] = result.data
    return _json(body, media_type, 400 if refused and media_type == MODERN else 200, {})


async def refuse(_: Request, error: Exception) -> Response:
    """What Starlette itself refuses, such as a method or a path, said in JSON as well."""
    assert isinstance(error, HTTPException)
    rejected = Rejected(error.status_code, error.detail, headers=error.headers)
    return _refusal(rejected, LEGACY)


def _never_executed(result: ExecutionResult) -> bool:
    """Whether the request as a whole was in error: bad variables, too, come before execution."""
    if isinstance(result, PreExecutionError):
        return True
    return result.data is None and all(error.path is None for error in result.errors or ())


async def _execute(operation: Operation, context: Context, method: str) -> ExecutionResult:
    try:
        async with asyncio.timeout(OPERATION_SECONDS):
            return await schema.execute(
                operation.query,
                variable_values=operation.variables,
                context_value=context,
                operation_name=operation.name,
                allowed_operation_types=ALLOWED[method],
            )
    except CannotGetOperationTypeError as error:
        raise Rejected(400, error.as_http_error_reason()) from None
    except InvalidOperationTypeError as error:
        message = "queries go by GET or POST, mutations by POST, subscriptions by WebSocket"
        if error.operation_type is OperationType.SUBSCRIPTION:
            raise Rejected(400, message) from None
        raise Rejected(405, message, headers={"Allow": "POST"}) from None
    except TimeoutError:
        message = f"the operation took longer than {OPERATION_SECONDS:.0f} s; ask for less at once"
        raise Rejected(503, message, "TIMEOUT") from None


async def _context(request: Request) -> Context:
    state = request.app.state
    if not state.ready.is_set():
        raise Rejected(503, str(Unavailable()), Unavailable.code, {"Retry-After": "1"})
    try:
        principal = await principal_of(state.parts, request.headers.get("authorization"))
    except Unauthenticated as error:
        headers = {"WWW-Authenticate": "Bearer"}
        raise Rejected(401, str(error), error.code, headers) from None
    return Context(state.parts, principal)


def _media_type(accept: str) -> str:
    """The type to answer in (RFC 9110, section 12.5.1); the modern one for those who name it."""
    wishes = dict(map(_wish, (accept.strip() or "*/*").lower().split(",")))
    ranges = (LEGACY, "application/*", "*/*")
    legacy = next((wishes[known] for known in ranges if known in wishes), 0.0)
    modern = wishes.get(MODERN, 0.0)
    if modern > 0 and modern >= legacy:
        return MODERN
    if legacy > 0:
        return LEGACY
    raise Rejected(406, f"this endpoint answers in {MODERN} or {LEGACY}; accept one of them")


def _wish(said: str) -> tuple[str, float]:
    media_range, *parameters = (part.strip() for part in said.split(";"))
    quality = next((part[2:] for part in parameters if part.startswith("q=")), "1")
    try:
        return media_range, float(quality)
    except ValueError:
        return media_range, 0.0


async def _operation(request: Request) -> Operation:
    if request.method == "POST":
        _check_content_type(request.headers.get("content-type", ""))
        said = _parse(await _body(request))
    else:
        said = dict(request.query_params)
        said |= {
            at: _parse(said[at].encode()) for at in ("variables", "extensions") if said.get(at)
        }
    return _checked(said)


def _check_content_type(said: str) -> None:
    # A form or plain text could come from any page by a browser's simple request (CSRF).
    media_type, _, parameters = said.lower().partition(";")
    if media_type.strip() != LEGACY:
        raise Rejected(
            415, f"send the operation as {LEGACY}, not {media_type.strip() or 'nothing'}"
        )
    _, _, charset = parameters.partition("charset=")
    if charset.strip().strip('"') not in ("", "utf-8"):
        raise Rejected(415, "send the operation in UTF-8")


async def _body(request: Request) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > BODY_LIMIT:
            raise Rejected(413, f"the body is larger than {BODY_LIMIT} bytes", "TOO_LARGE")
        chunks.append(chunk)
    return b"".join(chunks)


def _parse(raw: bytes) -> Any:  # noqa: ANN401 - whatever JSON says
    try:
        return incoming.read(raw)
    except ValueError:
        raise Rejected(400, "the body is not JSON in UTF-8, or is nested too deeply") from None


def _checked(said: object) -> Operation:
    if not isinstance(said, dict):
        raise Rejected(400, 'send one JSON object, like {"query": "{ __typename }"}')
    query, variables, name = said.get("query"), said.get("variables"), said.get("operationName")
    if not isinstance(query, str) or not query.strip():
        raise Rejected(400, "`query` must be a text with a GraphQL document")
    if not isinstance(variables, dict | None):
        raise Rejected(400, "`variables` must be an object or null")
    if not isinstance(name, str | None):
        raise Rejected(400, "`operationName` must be a text or null")
    if not isinstance(said.get("extensions"), dict | None):
        raise Rejected(400, "`extensions` must be an object or null")
    return Operation(query, variables, name or None)


def _refusal(rejected: Rejected, media_type: str) -> Response:
    errors = [{"message": str(rejected), "extensions": {"code": rejected.code}}]
    return _json({"errors": errors}, media_type, rejected.status, rejected.headers)


def _json(
    body: Mapping[str, Any], media_type: str, status: int, headers: Mapping[str, str]
) -> Response:
    content = orjson.dumps(body)
    return Response(content, status, dict(headers), f"{media_type}; charset=utf-8")
