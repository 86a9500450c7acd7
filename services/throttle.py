"""Rate limits: one token bucket per provider in Redis, shared by all workers."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from redis.exceptions import RedisError

from core import events
from core.parts import Parts
from services.messages import PERSONAL

BURST_SECONDS = 0.2
"""How much of the rate may go at once after a rest."""
LONGEST_SLEEP_SECONDS = 1.0
AWAY_SECONDS = 1.0
"""How long a Redis that did not answer is not asked again."""
SHARE_SECONDS = 10
"""A worker that asked for nothing for this long has no share."""

_TAKE = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local rate, burst, floor = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local wanted, worker, rest = tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6])
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(bucket[1]) or burst, tonumber(bucket[2]) or now
tokens = math.min(burst, tokens + math.max(0, now - at) * rate)
local granted = math.max(0, math.min(wanted, math.floor(tokens - floor)))
redis.call('HSET', KEYS[1], 'tokens', tokens - granted, 'at', now)
redis.call('EXPIRE', KEYS[1], 3600)
redis.call('ZADD', KEYS[2], now, worker)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - rest)
redis.call('EXPIRE', KEYS[2], 3600)
return {granted, redis.call('ZCARD', KEYS[2])}
"""


_sharers: WeakKeyDictionary[Any, dict[str, int]] = WeakKeyDictionary()
"""How many pumps shared each bucket when Redis was asked last; pumps that begin without it ask here."""


@dataclass(slots=True)
class _Share:
    """What this pump may send by itself while Redis is away."""

    tokens: float = 1.0
    at: float = 0.0

    def take(self, rate: float) -> int:
        """1 if it is time for one more message, else 0."""
        now = time.monotonic()
        self.tokens = min(1.0, self.tokens + (now - self.at) * rate)
        self.at = now
        if self.tokens < 1:
            return 0
        self.tokens -= 1
        return 1


class Throttle:
    """Lets a pump send no faster than the provider's rate; a rate of 0 is no limit.

    The personal lane may run ahead of the bucket, so that it never waits behind the bulk (T7).
    """

    def __init__(self, parts: Parts, channel: str, lane: str, rate: float, worker: str) -> None:
        self._redis = parts.redis
        self._rate = rate
        self._keys = [f"belfry:rate:{{{channel}}}", f"belfry:rate:{{{channel}}}:workers"]
        self._burst = max(1.0, rate * BURST_SECONDS)
        floor = -max(1.0, rate) if lane == PERSONAL else 0.0
        wanted = max(1, int(rate * BURST_SECONDS / 2))
        self._said: list[Any] = [rate, self._burst, floor, wanted, worker, SHARE_SECONDS]
        self._tokens = 0
        self._away_until = 0.0
        self._share = _Share()
        self._sharers = _sharers.setdefault(parts.redis, {})

    def batch(self, most: int) -> int:
        """How many messages to claim at once: no more than leave within about a second."""
        return min(most, max(1, int(self._rate))) if self._rate else most

    async def take(self, stop: asyncio.Event) -> None:
        """Wait until one more message may leave, or until `stop`; for one caller at a time."""
        if not self._rate:
            return
        while self._tokens < 1 and not stop.is_set():
            granted = await self._ask()
            self._tokens += granted
            if self._tokens < 1:
                await asyncio.sleep(min(1 / self._rate, LONGEST_SLEEP_SECONDS))
        self._tokens -= 1

    def put_back(self) -> None:
        """Return a token that was not used after all."""
        if self._rate:
            self._tokens += 1

    async def _ask(self) -> int:
        if time.monotonic() < self._away_until:
            return self._take_share()
        try:
            answer: Any = self._redis.eval(_TAKE, 2, *self._keys, *self._said)
            granted, workers = await answer
        except (RedisError, OSError) as error:
            # To ask for each message would cost the limit of a call each time.
            self._away_until = time.monotonic() + AWAY_SECONDS
            events.emit("throttle.unreachable", error=str(error))
            return self._take_share()
        self._sharers[self._keys[0]] = max(1, int(workers))
        return int(granted)

    def _take_share(self) -> int:
        return self._share.take(self._rate / self._sharers.get(self._keys[0], 1))
