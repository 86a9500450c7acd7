"""GraphQL over WebSocket: the protocol graphql-transport-ws, and no other."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

import orjson
from graphql import GraphQLError
from starlette.websockets import WebSocket, WebSocketDisconnect
from strawberry.asgi import ASGIWebSocketAdapter, GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.types import Message

from core import clock
from core.errors import Unauthenticated
from core.parts import Parts
from core.tokens import LEEWAY
from graph import incoming
from graph.auth import authorization_of_socket, principal_of
from graph.context import Context
from graph.schema import schema

INIT_SECONDS = 5
MOST_OPERATIONS = 100
FORBIDDEN = 4403
"""Told to clients whose token is refused or has ended: they come back with a fresh one."""

LONGEST_REASON = 123
"""Bytes that a close frame has for its reason (RFC 6455, section 5.5)."""


class Line(ASGIWebSocketAdapter):
    """Strawberry's adapter, for peers that leave while they are spoken to."""

    async def send_json(self, message: Mapping[str, object]) -> None:
        """Send; raises WebSocketDisconnected once either side has closed."""
        try:
            await super().send_json(message)
        except RuntimeError:
            raise WebSocketDisconnected from None

    async def close(self, code: int, reason: str) -> None:
        """Close, unless that has happened, with as much of the reason as a frame holds."""
        with suppress(RuntimeError, WebSocketDisconnect):
            await super().close(code, reason.encode()[:LONGEST_REASON].decode(errors="ignore"))


class Handler(BaseGraphQLTransportWSHandler[Context, None]):
    """Strawberry's handler, deaf to frames that are no messages, and ending with the token."""

    _expiry: asyncio.TimerHandle | None = None

    async def handle_message(self, message: Message) -> None:
        """Answer a frame of any shape by the protocol."""
        if not _is_message(message):
            await self.handle_invalid_message("a message is an object with a type")
        elif message["type"] == "subscribe" and not _is_subscribe(message):
            await self.handle_invalid_message("subscribe needs an id and a payload with a query")
        elif message["type"] == "complete" and not isinstance(message.get("id"), str):
            await self.handle_invalid_message("complete needs an id")
        elif message["type"] == "connection_init" and message.get("payload", {}) is None:
            await self.handle_connection_init({"type": "connection_init"})
        else:
            await super().handle_message(message)
            self._watch_expiry()

    async def handle_task_exception(self, error: Exception) -> None:
        """Log what goes wrong with an operation; that its client has left is nothing wrong."""
        if not isinstance(error, WebSocketDisconnected):
            await super().handle_task_exception(error)

    async def shutdown(self) -> None:
        """Leave nothing behind."""
        if self._expiry is not None:
            self._expiry.cancel()
        await super().shutdown()

    @staticmethod
    def _get_pre_execution_close_reason(error: GraphQLError) -> None:
        """Nothing in a document closes the socket: the other operations on it did no wrong."""

    def _watch_expiry(self) -> None:
        principal = self.context.principal
        if self._expiry is not None or principal is None or principal.expires_at is None:
            return
        left = (principal.expires_at - clock.now() + LEEWAY).total_seconds()
        self._expiry = asyncio.get_running_loop().call_later(max(0.0, left), self._end)

    def _end(self) -> None:
        self._closing = asyncio.create_task(self.websocket.close(FORBIDDEN, "the token has ended"))


class Socket(GraphQL[Context, None]):
    """The ASGI endpoint for sockets; HTTP has one of its own."""

    graphql_transport_ws_handler_class = Handler
    websocket_adapter_class = Line

    def __init__(self, allowed_origins: tuple[str, ...] = ()) -> None:
        """Pages of other origins may connect only if they are allowed."""
        super().__init__(
            schema,
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=timedelta(seconds=INIT_SECONDS),
            max_subscriptions_per_connection=MOST_OPERATIONS,
            allowed_origins=allowed_origins,
        )

    async def get_context(self, request: Any, response: Any) -> Context:  # noqa: ANN401
        """A context without a principal: that comes with connection_init."""
        parts: Parts = request.app.state.parts
        return Context(parts, handshake=request.headers.get("authorization"))

    async def on_ws_connect(self, context: Context) -> dict[str, object] | None:
        """Let a socket in with a good token, or without any; refuse a bad one."""
        try:
            said = authorization_of_socket(context.connection_params, context.handshake)
            context.principal = await principal_of(context.parts, said)
        except Unauthenticated as error:
            raise ConnectionRejectionError({"message": str(error)}) from None
        return {}

    def decode_json(self, data: str | bytes) -> object:
        """A frame's JSON; json.JSONDecodeError closes the socket with 4400."""
        return incoming.read(data)

    def encode_json(self, data: object) -> str:
        """JSON as text, for a text frame."""
        return orjson.dumps(data).decode()

    async def create_websocket_response(
        self, request: WebSocket, subprotocol: str | None
    ) -> WebSocket:
        """Accept; while MongoDB has never been seen, close for a passing reason at once."""
        await request.accept(subprotocol=subprotocol)
        if not request.app.state.ready.is_set():
            await request.close(1013, "starting; try again shortly")
        return request


def _is_message(frame: object) -> bool:
    return isinstance(frame, dict) and isinstance(frame.get("type"), str)


def _is_subscribe(message: Any) -> bool:  # noqa: ANN401 - a frame of any shape
    payload = message.get("payload")
    return (
        isinstance(message.get("id"), str)
        and bool(message["id"])
        and isinstance(payload, dict)
        and isinstance(payload.get("query"), str)
        and isinstance(payload.get("variables"), dict | None)
        and isinstance(payload.get("operationName"), str | None)
    )
