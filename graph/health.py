"""Liveness and readiness, as orchestrators ask for them."""

import asyncio

import pymongo
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import JSONResponse

from core import mongo
from core.parts import Parts

PROBE_SECONDS = 2.0


async def live(_: Request) -> JSONResponse:
    """The process answers; whatever else is away, a restart would not help."""
    return JSONResponse({"status": "live"})


async def ready(request: Request) -> JSONResponse:
    """Whether requests can be served now: 503 while MongoDB or Redis is away."""
    parts: Parts = request.app.state.parts
    checks = {
        "started": request.app.state.ready.is_set(),
        "mongo": await _mongo_answers(parts),
        "redis": await _redis_answers(parts),
    }
    good = all(checks.values())
    body = {"status": "ready" if good else "not ready", "checks": checks}
    return JSONResponse(body, 200 if good else 503)


async def _mongo_answers(parts: Parts) -> bool:
    try:
        # The driver's own limit: cancelled while it looks for a server, it fails with a RuntimeError.
        with pymongo.timeout(PROBE_SECONDS):
            await mongo.database(parts.mongo).command("ping")
    except (PyMongoError, OSError):
        return False
    return True


async def _redis_answers(parts: Parts) -> bool:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            await parts.redis.ping()
    except (RedisError, OSError, TimeoutError):
        return False
    return True
