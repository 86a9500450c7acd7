"""Limits on calls per minute: a token bucket for each caller, shared by all processes in Redis.

Each process counts for itself and tells Redis now and then, for many calls at once: a trip to
Redis for each would cost more than the call. What it has not yet told is bounded, so that all
processes together grant at most the limit and `slack` for each of them.
"""

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass
from itertools import chain
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from core import bearings, events, tasks
from core.allowance import Allowance
from core.errors import RateLimited

PREFIX = "belfry:quota:"
CALLERS = 50_000
"""Buckets kept in a process; of the callers beyond, those who rested longest are forgotten."""
GATHER_SECONDS = 0.1
"""How long what was used waits to be told."""
LONGEST_WAIT_SECONDS = 0.1
"""How long a call waits for one trip to Redis, and only if its caller is busy."""
PATIENCE_SECONDS = 2.0
"""How long it waits in all, while other calls of its caller are let through before it."""
TRIP_SECONDS = 1.0
AWAY_SECONDS = 1.0
"""How often a Redis that did not answer is asked again; no call waits for that."""
MOST_UNTOLD = 100
BATCH = 500

_TELL = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local left = {}
for i, key in ipairs(KEYS) do
  local limit, used = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local bucket = redis.call('HMGET', key, 'tokens', 'at')
  local tokens, at = tonumber(bucket[1]) or limit, tonumber(bucket[2]) or now
  tokens = math.min(limit, tokens + math.max(0, now - at) * limit / 60) - used
  tokens = math.max(-limit, tokens)
  redis.call('HSET', key, 'tokens', tokens, 'at', now)
  redis.call('EXPIRE', key, 180)
  left[i] = math.floor(tokens * 1000)
end
return left
"""


def slack(limit: int) -> int:
    """How many calls of one caller a process may grant before Redis hears of them."""
    return max(1, min(MOST_UNTOLD, limit // 60))


@dataclass(slots=True)
class Bucket:
    """What one caller has left, as far as this process knows."""

    limit: int
    tokens: float
    at: float
    untold: int = 0

    def refill(self, now: float) -> None:
        """Add what has grown since; `now` is monotonic, in seconds."""
        grown = max(0.0, now - self.at) * self.limit / 60
        self.tokens = min(float(self.limit), self.tokens + grown)
        self.at = max(self.at, now)

    def take(self) -> Allowance:
        """Use one call; raises RateLimited when none is left."""
        if self.tokens < 1:
            raise RateLimited(self.allowance)
        self.tokens -= 1
        self.untold += 1
        return self.allowance

    def learn(self, tokens: float, told: int) -> None:
        """Take over what Redis has left after it was told of some calls, if that is less."""
        self.untold -= told
        self.tokens = min(self.tokens, tokens - self.untold)

    @property
    def allowance(self) -> Allowance:
        """What is left, for the caller to see."""
        missing = self.limit - self.tokens
        return Allowance(self.limit, max(0, int(self.tokens)), missing * 60 / self.limit)


class Quotas:
    """The buckets of this process. Without Redis it goes on by them alone."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()
        self._used: dict[str, Bucket] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._telling: asyncio.Task[None] | None = None
        self._away = False

    async def take(self, caller: str, limit: int) -> Allowance:
        """Count one call of the caller; raises RateLimited beyond `limit` a minute."""
        bucket = self._bucket(caller, limit)
        bucket.refill(time.monotonic())
        await self._wait(bucket)
        allowance = bucket.take()
        self._used[caller] = bucket
        if self._timer is None:
            self._schedule()
        return allowance

    async def close(self) -> None:
        """Tell nothing more."""
        if self._timer is not None:
            self._timer.cancel()
        if self._telling is not None:
            await tasks.end([self._telling])

    def _bucket(self, caller: str, limit: int) -> Bucket:
        bucket = self._buckets.get(caller)
        if bucket is None or bucket.limit != limit:
            bucket = self._buckets[caller] = Bucket(limit, limit, time.monotonic())
            if len(self._buckets) > CALLERS:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(caller)
        return bucket

    async def _wait(self, bucket: Bucket) -> None:
        """Wait until Redis knows of enough calls; in the end go on, whatever has become of it."""
        ends = time.monotonic() + PATIENCE_SECONDS
        while bucket.untold >= slack(bucket.limit) and bucket.tokens >= 1 and not self._away:
            if time.monotonic() >= ends:
                return
            await self._hear()

    def _schedule(self) -> None:
        delay = AWAY_SECONDS if self._away else GATHER_SECONDS
        self._timer = asyncio.get_running_loop().call_later(delay, self._begin)

    def _begin(self) -> asyncio.Task[None]:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell(), context=bearings.apart())
        return self._telling

    async def _hear(self) -> None:
        """Wait until Redis has been told; one that is too slow counts as away."""
        done, _ = await asyncio.wait([self._begin()], timeout=LONGEST_WAIT_SECONDS)
        if not done:
            self._leave(TimeoutError("slow"))

    async def _tell(self) -> None:
        used, self._used = self._used, {}
        try:
            async with asyncio.timeout(TRIP_SECONDS):
                callers = list(used)
                for start in range(0, len(callers), BATCH):
                    part = callers[start : start + BATCH]
                    await self._tell_part(part, [used[caller] for caller in part])
        except Exception as error:  # noqa: BLE001 - callers wait for this, whatever it meets
            for bucket in used.values():
                bucket.untold = 0
            self._leave(error)
        else:
            self._away = False
        if self._used and self._timer is None:
            self._schedule()

    async def _tell_part(self, callers: list[str], buckets: list[Bucket]) -> None:
        told = [bucket.untold for bucket in buckets]
        # Whatever a caller is called: what can't be told of one would not be told of any.
        keys = [PREFIX + caller.encode("utf-8", "backslashreplace").decode() for caller in callers]
        said = chain.from_iterable(zip((bucket.limit for bucket in buckets), told, strict=True))
        answer: Any = self._redis.eval(_TELL, len(keys), *keys, *map(str, said))
        for bucket, count, left in zip(buckets, told, await answer, strict=True):
            bucket.refill(time.monotonic())
            bucket.learn(int(left) / 1000, count)

    def _leave(self, error: Exception) -> None:
        known, self._away = self._away, True
        if not isinstance(error, RedisError | OSError):  # of which TimeoutError is one
            events.emit("quotas.failed", exc_info=error)
        elif not known:
            events.emit("quotas.unreachable", error=str(error))
