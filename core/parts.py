"""The parts a process works with, opened once and closed in order."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from arq.connections import ArqRedis

from core import mongo, oidc, redis, tasks
from core.clock import DatabaseClock
from core.group_commit import Commits
from core.pool_use import PoolUse
from core.queue import Queue
from core.quotas import Quotas
from core.settings import Settings
from core.tokens import Verifier
from core.wakeups import Wakeups


@dataclass(frozen=True, slots=True)
class Parts:
    """What services work with; handed down, never looked up."""

    settings: Settings
    mongo: mongo.Client
    redis: ArqRedis
    queue: Queue
    wakeups: Wakeups
    verifier: Verifier
    quotas: Quotas
    database_clock: DatabaseClock = field(default_factory=DatabaseClock)
    commits: Commits = field(default_factory=Commits)
    identity: oidc.Provider | None = None
    """Where people sign in to the console, if anywhere."""
    pool_use: PoolUse | None = None
    """What the pool of MongoDB's connections holds, where metrics are kept."""


@asynccontextmanager
async def open_parts(settings: Settings) -> AsyncIterator[Parts]:
    """Connect lazily to MongoDB and Redis; on leaving, finish what is under way and close."""
    use = PoolUse() if settings.metrics_port else None
    client = mongo.connect(settings.db_uri, *filter(None, [use]))
    pool = redis.connect(settings.redis_url)
    wakeups, verifier = Wakeups(pool), Verifier.by(settings)
    identity = oidc.Provider.by(settings)
    parts = Parts(
        settings,
        client,
        pool,
        Queue(pool),
        wakeups,
        verifier,
        Quotas(pool),
        identity=identity,
        pool_use=use,
    )
    reader = asyncio.create_task(parts.wakeups.run())
    try:
        yield parts
    finally:
        await parts.commits.close()
        await parts.queue.close()
        await parts.quotas.close()
        await parts.wakeups.flush()
        await tasks.end([reader])
        await pool.aclose()
        await client.close()
