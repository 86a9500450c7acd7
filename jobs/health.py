"""Liveness and readiness of a worker, by HTTP as the API has them, where HEALTH_PORT says so."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from core import health
from core.errors import ConfigurationError
from core.parts import Parts


@asynccontextmanager
async def served(parts: Parts, started: asyncio.Event) -> AsyncIterator[None]:
    """Answer `/health/live` and `/health/ready` meanwhile; raises ConfigurationError.

    By the loop that delivers: a worker that is stuck answers nobody, and so is not live.
    """
    host, port = parts.settings.health_host, parts.settings.health_port
    if not port:
        yield
        return
    app = _app(parts, started)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        raise ConfigurationError(f"HEALTH_PORT: can't listen on {host}:{port}: {error}") from None
    try:
        yield
    finally:
        await runner.cleanup()


def _app(parts: Parts, started: asyncio.Event) -> web.Application:
    async def live(_: web.Request) -> web.Response:
        return web.json_response({"status": "live"})

    async def ready(_: web.Request) -> web.Response:
        status, body = await health.readiness(parts, started=started.is_set())
        return web.json_response(body, status=status)

    app = web.Application()
    app.router.add_get("/health/live", live)
    app.router.add_get("/health/ready", ready)
    return app
