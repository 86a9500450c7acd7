"""How many connections to MongoDB and Redis a process holds, and how many of them are in use."""

from typing import TypeAlias

from arq.connections import ArqRedis
from pymongo import monitoring

Use: TypeAlias = dict[tuple[str, str], float]


class PoolUse(monitoring.ConnectionPoolListener):
    """Counts a client's connections to MongoDB by what the driver tells of each."""

    def __init__(self) -> None:
        self.held = 0
        self.in_use = 0

    def connection_created(self, event: monitoring.ConnectionCreatedEvent) -> None:
        """One more."""
        self.held += 1

    def connection_closed(self, event: monitoring.ConnectionClosedEvent) -> None:
        """One less."""
        self.held -= 1

    def connection_checked_out(self, event: monitoring.ConnectionCheckedOutEvent) -> None:
        """Somebody works with it."""
        self.in_use += 1

    def connection_checked_in(self, event: monitoring.ConnectionCheckedInEvent) -> None:
        """It is free again."""
        self.in_use -= 1

    def _pass(self, event: object) -> None:
        """Of no interest; the driver insists on an answer."""

    pool_created = pool_ready = pool_cleared = pool_closed = _pass
    connection_ready = connection_check_out_started = connection_check_out_failed = _pass


def of(mongo: PoolUse, redis: ArqRedis) -> Use:
    """By store, and by whether they are in use or idle."""
    pool = redis.connection_pool
    # redis-py has no public names for them.
    redis_in_use, redis_idle = len(pool._in_use_connections), len(pool._available_connections)  # noqa: SLF001
    return {
        ("mongodb", "in_use"): mongo.in_use,
        ("mongodb", "idle"): mongo.held - mongo.in_use,
        ("redis", "in_use"): redis_in_use,
        ("redis", "idle"): redis_idle,
    }
