"""The API process: one Starlette application on uvicorn."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import cast

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from core import abandoned, events, failpoints, log, memory, metrics, pulse, tasks, tokens, tracing
from core.errors import ConfigurationError
from core.parts import Parts, open_parts
from core.settings import Settings
from graph import assets, cors, documents, health, session
from graph.client_export import export_clients
from graph.client_import import import_clients, open_imports
from graph.export import METHODS, open_exports
from graph.http import answer
from graph.person_export import export_person
from graph.rejection import refuse
from graph.request import origins
from graph.sockets import Sockets
from graph.stream import open_streams
from graph.unsubscribe import routes_to_unsubscribe
from graph.warehouse_export import export_attempts, export_history, export_messages
from graph.wire import Wire
from services import api_keys, bell, start

GRAPHQL = "/graphql"
BACKLOG = 2_048
UNACKNOWLEDGED_MS = 30_000
"""A peer that acknowledges nothing for this long is gone, whatever its sockets say."""


class _App(Starlette):
    """Hands operations straight to their handler, which answers every error itself.

    On the way through Starlette's layers each would pay for all routes and for middleware that it has none of.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or live through the lifespan."""
        if (
            scope["type"] == "http"
            and scope["path"] == GRAPHQL
            and scope["method"] == "POST"
            and not self.user_middleware
        ):
            scope["app"] = self
            response = await answer(Request(scope, receive, send))
            await response(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


class _Server(uvicorn.Server):
    def stop(self) -> None:
        """End as SIGTERM would."""
        self.should_exit = True


def create_app(settings: Settings) -> Starlette:
    """The application; MongoDB and Redis may come later, until then it answers 503."""
    tokens.check(settings)
    documents.load(settings)
    allowed = origins(settings.allowed_origins)
    app = _App(
        routes=[
            Route(GRAPHQL, answer, methods=["GET", "POST"]),
            Route("/clients/export", export_clients, methods=METHODS),
            Route("/clients/import", import_clients, methods=["POST"]),
            Route("/messages/export", export_messages, methods=METHODS),
            Route("/attempts/export", export_attempts, methods=METHODS),
            Route("/history/export", export_history, methods=METHODS),
            Route("/persons/export", export_person, methods=METHODS),
            Route("/health/live", health.live),
            Route("/health/ready", health.ready),
            *assets.ROUTES,
            *routes_to_unsubscribe(settings),
            *session.routes_of_sessions(settings),
        ],
        middleware=[cors.middleware(allowed)] if allowed else [],
        exception_handlers={HTTPException: refuse},
        lifespan=lambda app: _lifespan(app, settings),
    )
    # By Host, which anybody may write, and a client would send its token there.
    app.router.redirect_slashes = False
    # Uvicorn hands upgrades to it directly: they never reach the routes.
    app.state.sockets = Sockets(settings, allowed)
    app.state.refusal, app.state.leave = None, lambda: None
    return app


def serve(settings: Settings) -> None:
    """Serve the API until SIGTERM or SIGINT.

    Raises ConfigurationError on a port in use, and on a database that is newer than this code.
    """
    log.configure(settings, "api")
    failpoints.arm(settings.belfry_fail_at, testing=settings.belfry_testing)
    # Each of thousands of sockets would say when it comes and when it goes.
    logging.getLogger("websockets").setLevel(logging.WARNING)
    app = create_app(settings)
    with (
        tracing.told(settings, "api"),
        metrics.served(settings, "api"),
        _listening(settings.host, settings.port) as listener,
    ):
        config = uvicorn.Config(
            app,
            loop="uvloop",
            http=Wire,
            ws=cast("type[asyncio.Protocol]", app.state.sockets.line),
            log_config=None,
            access_log=False,
            server_header=False,
            forwarded_allow_ips=settings.forwarded_allow_ips,
            timeout_graceful_shutdown=int(settings.drain_seconds),
        )
        server = _Server(config)
        app.state.leave = server.stop
        server.run(sockets=[listener])
    if app.state.refusal is not None:
        raise app.state.refusal
    memory.leave()


def _listening(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"can't listen on {host}:{port} ({error.strerror}); stop what uses it or set PORT"
        ) from None
    return listener


@asynccontextmanager
async def _lifespan(app: Starlette, settings: Settings) -> AsyncIterator[None]:
    async with open_parts(settings) as parts:
        app.state.parts = parts
        sockets: Sockets = app.state.sockets
        app.state.ready = sockets.ready
        works: dict[str, Callable[[], Awaitable[None]]] = {
            "prepare": partial(_prepare, app, parts),
            "patrol of bells": partial(bell.patrol, parts),
            "patrol of transactions": partial(abandoned.patrol, parts.mongo),
            "sockets": partial(sockets.run, parts),
            "keys of streams": partial(open_streams.watch_keys, parts),
            "keys of exports": partial(open_exports.watch_keys, parts),
            "keys of imports": partial(open_imports.watch_keys, parts),
            "signing keys": parts.verifier.run,
            "uses of API keys": api_keys.record_uses,
            "pulse": partial(pulse.beat, parts),
        }
        background = [asyncio.create_task(tasks.kept_up(*work)) for work in works.items()]
        try:
            yield
        finally:
            await tasks.end(background)


async def _prepare(app: Starlette, parts: Parts) -> None:
    """Indexes and built-in kinds, as soon as MongoDB is there; ends the process if it can't work."""
    try:
        await start.prepared(parts, asyncio.Event())
    except ConfigurationError as error:
        app.state.refusal = error
        app.state.leave()
        return
    memory.settle()
    app.state.ready.set()
    events.emit("api.ready", host=parts.settings.host, port=parts.settings.port)
