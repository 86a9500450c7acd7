"""Jobs enqueued by name. A job is a wake-up: losing one costs time, never work."""

import asyncio

from arq.connections import ArqRedis
from redis.exceptions import RedisError

from core import events

QUEUE_PREFIX = "belfry:"
EXPIRY_SECONDS = 60
"""A wake-up that nobody took for this long is stale: the workers' tick has found the work."""


def queue_name(lane: str) -> str:
    """The Redis key of a lane's queue."""
    return f"{QUEUE_PREFIX}{lane}"


class Queue:
    """Enqueues jobs for the workers without ever making the caller wait or fail."""

    def __init__(self, redis: ArqRedis) -> None:
        self._redis = redis
        self._under_way: dict[str, asyncio.Task[None]] = {}

    def wake(self, job: str, *args: str | int, lane: str, job_id: str) -> None:
        """Ask the lane's workers to run `job(*args)`, once per `job_id` at a time."""
        if job_id in self._under_way:
            return
        task = asyncio.create_task(self._enqueue(job, args, lane, job_id))
        self._under_way[job_id] = task
        task.add_done_callback(lambda _: self._under_way.pop(job_id, None))

    async def close(self) -> None:
        """Wait for what is being enqueued; each takes no longer than Redis' timeout."""
        await asyncio.gather(*self._under_way.values())

    async def _enqueue(self, job: str, args: tuple[str | int, ...], lane: str, job_id: str) -> None:
        try:
            await self._redis.enqueue_job(
                job, *args, _job_id=job_id, _queue_name=queue_name(lane), _expires=EXPIRY_SECONDS
            )
        except (RedisError, OSError) as error:
            # MongoDB holds the work and every worker's tick looks there, so this is only later.
            events.emit("queue.unreachable", job=job, job_id=job_id, error=str(error))
