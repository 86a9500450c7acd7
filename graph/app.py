"""The API process: one Starlette application on uvicorn."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from pymongo.errors import PyMongoError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route, WebSocketRoute
from strawberry.http.websocket_origin import normalize_allowed_origins

from core import events, failpoints, log, memory, mongo, tasks, tokens
from core.errors import ConfigurationError
from core.parts import Parts, open_parts
from core.settings import Settings
from graph import health
from graph.http import answer, refuse
from graph.socket import Socket
from models.registry import prepare
from services import bell, kinds

RETRY_SECONDS = 1.0
LARGEST_FRAME = 1024 * 1024
BACKLOG = 2_048
UNACKNOWLEDGED_MS = 30_000
"""A peer that acknowledges nothing for this long is gone, whatever its sockets say."""


def create_app(settings: Settings) -> Starlette:
    """The application; MongoDB and Redis may come later, until then it answers 503."""
    tokens.check_secret(settings.jwt_secret.get_secret_value())
    origins = _origins(settings.allowed_origins)
    return Starlette(
        routes=[
            Route("/graphql", answer, methods=["GET", "POST"]),
            WebSocketRoute("/graphql", Socket(origins)),
            Route("/health/live", health.live),
            Route("/health/ready", health.ready),
        ],
        middleware=[_cors(origins)] if origins else [],
        exception_handlers={HTTPException: refuse},
        lifespan=lambda app: _lifespan(app, settings),
    )


def _origins(said: str) -> tuple[str, ...]:
    """As browsers write them, for HTTP and for sockets alike."""
    try:
        return tuple(normalize_allowed_origins(filter(None, map(str.strip, said.split(",")))))
    except ValueError as error:
        raise ConfigurationError(f"ALLOWED_ORIGINS: {error}") from None


def _cors(origins: tuple[str, ...]) -> Middleware:
    headers = ("authorization", "content-type")
    return Middleware(
        CORSMiddleware, allow_origins=origins, allow_methods=("GET", "POST"), allow_headers=headers
    )


def serve(settings: Settings) -> None:
    """Serve the API until SIGTERM or SIGINT; raises ConfigurationError on a port in use."""
    log.configure(settings, "api")
    failpoints.arm(settings.belfry_fail_at, testing=settings.belfry_testing)
    logging.getLogger("uvicorn.error").addFilter(_peers_fault)
    app = create_app(settings)
    with _listening(settings.host, settings.port) as listener:
        config = uvicorn.Config(
            app,
            loop="uvloop",
            http="httptools",
            ws="websockets-sansio",
            ws_max_size=LARGEST_FRAME,
            ws_per_message_deflate=False,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=int(settings.drain_seconds),
        )
        uvicorn.Server(config).run(sockets=[listener])


def _peers_fault(record: logging.LogRecord) -> bool:
    """Tell of a text frame in bad UTF-8 without uvicorn's traceback: its sender did it."""
    if record.msg.startswith("Invalid UTF-8"):
        record.exc_info = None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True


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
        app.state.ready = asyncio.Event()
        background = [
            asyncio.create_task(_prepare(parts, app.state.ready)),
            asyncio.create_task(bell.patrol(parts)),
        ]
        try:
            yield
        finally:
            await tasks.end(background)


async def _prepare(parts: Parts, ready: asyncio.Event) -> None:
    """Indexes and built-in kinds, as soon as MongoDB is there."""
    while not ready.is_set():
        try:
            await prepare(mongo.database(parts.mongo))
            await kinds.seed()
            parts.database_clock.observe(await mongo.now(parts.mongo))
        except PyMongoError as error:
            events.emit("mongo.unreachable", error=str(error))
            await asyncio.sleep(RETRY_SECONDS)
        else:
            memory.settle()
            ready.set()
            events.emit("api.ready", host=parts.settings.host, port=parts.settings.port)
