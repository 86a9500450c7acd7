"""Whether the stores answer, asked within a limit."""

import asyncio

import pymongo
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError

from core import mongo
from core.parts import Parts

PROBE_SECONDS = 2.0


async def readiness(parts: Parts, *, started: bool) -> tuple[int, dict[str, object]]:
    """What a process answers when it is asked whether it can work now: HTTP status and body."""
    checks = {"started": started, **await stores(parts)}
    good = all(checks.values())
    body: dict[str, object] = {"status": "ready" if good else "not ready", "checks": checks}
    return 200 if good else 503, body


async def stores(parts: Parts) -> dict[str, bool]:
    """Each store, and whether it answers just now."""
    there = await asyncio.gather(_mongo_answers(parts), _redis_answers(parts))
    return dict(zip(("mongo", "redis"), there, strict=True))


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
