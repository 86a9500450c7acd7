"""A process that hears wake-ups, and the ways to wait for what it hears."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from arq.connections import ArqRedis

from core import redis
from core.topic import Waiter
from core.wakeups import PREFIX, Wakeups

PATIENCE = 30.0
"""Seconds after which what has not come is taken for lost."""


@asynccontextmanager
async def running(url: str) -> AsyncIterator[Wakeups]:
    """The wake-ups of one process."""
    pool = redis.connect(url)
    ours = Wakeups(pool)
    reader = asyncio.create_task(ours.run())
    yield ours
    reader.cancel()
    ended, _ = await asyncio.wait({reader}, timeout=PATIENCE)
    assert ended, "the cancellation was swallowed"
    await pool.aclose()


async def told(waiter: Waiter, count: int = 1) -> list[bytes]:
    """The next payloads; a mere call to look is passed over."""
    payloads: list[bytes] = []
    async with asyncio.timeout(PATIENCE):
        while len(payloads) < count:
            payloads += await waiter.take() or []
    return payloads


async def called(waiter: Waiter) -> None:
    """Wait until the waiter is told to look."""
    async with asyncio.timeout(PATIENCE):
        while await waiter.take() is not None:
            pass


async def connected(process: Wakeups) -> None:
    """Wait until the process hears itself, or is told to look since it has just connected."""
    async with process.listen("connected") as waiter, asyncio.timeout(PATIENCE):
        process.publish("connected", b"")
        await waiter.take()


async def listeners(pool: ArqRedis, topic: str) -> int:
    ((_, count),) = await pool.pubsub_numsub(PREFIX + topic)
    return int(count)
