"""GraphQL over HTTP, after the GraphQL working group's draft.

https://graphql.github.io/graphql-over-http/draft/
"""

from typing import Any

from graphql import GraphQLError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import ExecutionResult, PreExecutionError
from strawberry.types.graphql import OperationType

from core import bearings
from core.deadline import Deadline
from core.errors import TimedOut, Unavailable
from graph import accept, gate, rejection
from graph import request as requests
from graph.accept import LEGACY, MODERN, STREAM, Choice
from graph.asked import LEFT, Asked, code_of
from graph.body import Body
from graph.context import Context
from graph.errors import present
from graph.rejection import Rejected
from graph.request import Operation
from graph.schema import schema
from graph.stream import EventStream, events_of

ALLOWED = {
    "GET": {OperationType.QUERY},
    "HEAD": {OperationType.QUERY},
    "POST": {OperationType.QUERY, OperationType.MUTATION},
}
TRANSPORT = "http"
CLIENT_LEFT = 499
"""Nobody reads this status; the log of a proxy may know it from nginx."""


class _Subscription(Exception):
    """The operation is one, so its results are a stream."""


async def answer(request: Request) -> Response:
    """Execute one operation; every refusal is a GraphQL response in JSON."""
    choice, headers, asked = (
        accept.UNKNOWN,
        dict[str, str](),
        Asked(TRANSPORT, requests.name(request)),
    )
    bearings.take(asked)
    asked.trace(request.headers.get("traceparent"))
    headers["X-Request-Id"] = asked.request
    try:
        choice = accept.choose(request.headers.getlist("accept"))
        response = await _answer(request, choice, headers, asked)
    except ClientDisconnect:
        asked.code, response = LEFT, Response(status_code=CLIENT_LEFT)
    except Exception as error:  # noqa: BLE001 - nothing of it may reach the client unmasked
        response = _refused(error, choice, headers, asked)
    if not isinstance(response, EventStream):  # it has begun only now
        asked.ended()
    return response


def _refused(error: Exception, choice: Choice, headers: dict[str, str], asked: Asked) -> Response:
    """The answer to an error; a name for that in the frame above would keep the body alive."""
    rejected = rejection.of(error)
    asked.code = rejected.code
    return rejection.answer(rejected, choice.json, headers)


async def _answer(
    request: Request, choice: Choice, headers: dict[str, str], asked: Asked
) -> Response:
    _check_choice(choice)
    requests.check(request, request.app.state.parts.settings)
    context = await context_of(request, asked)
    if allowance := await gate.admit(context):
        headers |= allowance.headers
    async with Body(request, context.principal) as body:
        operation = requests.read(request, body, context.parts.settings)
        try:
            result = await _execute(operation, context, request.method)
        except _Subscription:
            _check_streams(choice, request.method)
            return EventStream(request, operation, context, headers)
    asked.code = code_of(result.errors)
    return _said(result, choice, headers)


def _check_choice(choice: Choice) -> None:
    if not choice.media_type:
        raise Rejected(406, f"this endpoint answers in {MODERN}, {LEGACY} or {STREAM}")


def _check_streams(choice: Choice, method: str) -> None:
    if method == "HEAD":
        raise Rejected(405, "a subscription has no end to tell of", headers={"Allow": "GET, POST"})
    if not choice.streams:
        raise Rejected(400, f"subscriptions go by WebSocket, or to those who accept {STREAM}")


async def context_of(request: Request, asked: Asked | None = None) -> Context:
    """Who asks by this request's header; raises Unavailable at first, and what the gate raises."""
    return await context_for(request, request.headers.get("authorization"), asked)


async def context_for(
    request: Request, authorization: str | None, asked: Asked | None = None
) -> Context:
    """Who asks by these words; raises as `context_of` does."""
    state = request.app.state
    if not state.ready.is_set():
        raise Unavailable
    peer = request.client.host if request.client else None
    if asked is None:
        asked = Asked(TRANSPORT, requests.name(request))
        bearings.take(asked)
    context = Context(state.parts, peer=peer, asked=asked)
    await gate.sign_in(context, authorization)
    return context


async def _execute(operation: Operation, context: Context, method: str) -> ExecutionResult:
    seconds = context.parts.settings.operation_seconds
    try:
        with Deadline(seconds):
            return await schema.execute(
                operation.query,
                variable_values=operation.variables,
                context_value=context,
                operation_name=operation.name,
                allowed_operation_types=ALLOWED[method],
            )
    except CannotGetOperationTypeError as error:
        return _never(error)
    except InvalidOperationTypeError as error:
        if error.operation_type is OperationType.SUBSCRIPTION:
            raise _Subscription from None
        raise Rejected(405, "mutations go by POST", headers={"Allow": "POST"}) from None
    except TimeoutError:
        message = f"the operation took longer than {seconds:g} s; ask for less at once"
        raise TimedOut(message) from None


def _never(error: CannotGetOperationTypeError) -> PreExecutionError:
    said = GraphQLError(error.as_http_error_reason(), original_error=error)
    present(said)
    return PreExecutionError(data=None, errors=[said])


def _said(result: ExecutionResult, choice: Choice, headers: dict[str, str]) -> Response:
    body: dict[str, Any] = {}
    if result.errors:
        body["errors"] = [error.formatted for error in result.errors]
    refused = _never_executed(result)
    if not refused:
        body["data"] = result.data
    if choice.media_type == STREAM:
        return Response(events_of(body), 200, headers, f"{STREAM}; charset=utf-8")
    status = 400 if refused and choice.media_type == MODERN else 200
    return rejection.json(body, choice.media_type, status, headers)


def _never_executed(result: ExecutionResult) -> bool:
    """Whether the request as a whole was in error: bad variables, too, come before execution."""
    if isinstance(result, PreExecutionError):
        return True
    return result.data is None and all(error.path is None for error in result.errors or ())
