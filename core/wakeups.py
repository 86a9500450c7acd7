"""Wake-ups between processes by Redis Pub/Sub: one reader a process, a map topic -> waiters.

A wake-up may be lost, late or doubled; whoever waits keeps a place of its own in the database.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from core import events

PREFIX = "belfry:wake:"
CONFIRM_SECONDS = 1.0
RECONNECT_SECONDS = 0.5
READ_SECONDS = 5.0
"""Between reads the client checks a silent connection's health."""
WAITER_BOUND = 64
OUTBOX_BOUND = 10_000
GATHER_SECONDS = 0.005
"""How long a wake-up waits for others: one trip to Redis costs more than a whole notification."""
BATCH = 500


class Waiter:
    """What one listener has not yet looked at: a few payloads, or just that it must look."""

    def __init__(self) -> None:
        self._payloads: deque[bytes] = deque()
        self._missed = False
        self._ready = asyncio.Event()

    def put(self, payload: bytes) -> None:
        """Hand over a payload; past the bound only the fact remains that some were missed."""
        if len(self._payloads) >= WAITER_BOUND:
            self.look()
        elif not self._missed:
            self._payloads.append(payload)
            self._ready.set()

    def look(self) -> None:
        """Tell the listener to read the database, since payloads may have been lost."""
        self._payloads.clear()
        self._missed = True
        self._ready.set()

    async def take(self) -> list[bytes] | None:
        """Wait; then the payloads in order, or None where only the database knows."""
        await self._ready.wait()
        self._ready.clear()
        missed, self._missed = self._missed, False
        payloads = list(self._payloads)
        self._payloads.clear()
        return None if missed else payloads


class Wakeups:
    """Publishes and listens for this process over two connections, however many listeners."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._waiters: dict[str, set[Waiter]] = {}
        self._confirmed: dict[str, asyncio.Event] = {}
        self._outbox: deque[tuple[str, bytes]] = deque(maxlen=OUTBOX_BOUND)
        self._posted = asyncio.Event()
        self._pubsub: PubSub | None = None
        self._over = False
        self._order = asyncio.Lock()
        """Keeps a topic's subscribe and unsubscribe on the wire in the order of the calls."""

    def publish(self, topic: str, payload: bytes) -> None:
        """Send a wake-up soon, without waiting for it; under a flood the oldest fall out."""
        self._outbox.append((PREFIX + topic, payload))
        self._posted.set()

    @asynccontextmanager
    async def listen(self, topic: str) -> AsyncIterator[Waiter]:
        """A waiter that hears every wake-up for `topic` published after this is entered."""
        waiter = Waiter()
        self._waiters.setdefault(topic, set()).add(waiter)
        try:
            await self._subscribed(topic)
            yield waiter
        finally:
            await self._leave(topic, waiter)

    def topics(self) -> list[str]:
        """Every topic that someone in this process listens to."""
        return list(self._waiters)

    def look(self, topics: Iterable[str]) -> None:
        """Tell all listeners of these topics to read the database."""
        for topic in topics:
            for waiter in self._waiters.get(topic, ()):
                waiter.look()

    async def run(self) -> None:
        """Read and write until cancelled, connecting again for as long as it takes."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read_forever())
            tasks.create_task(self._write_forever())
            try:
                await asyncio.Event().wait()
            finally:
                # Before Python 3.12 redis-py may swallow a cancellation: the loops look here too.
                self._over = True

    async def _read_forever(self) -> None:
        while not self._over:
            try:
                await self._read()
            except (RedisError, OSError) as error:
                events.emit("wakeups.unreachable", error=str(error))
            self._pubsub = None
            self._confirmed.clear()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _read(self) -> None:
        async with self._redis.pubsub() as pubsub:
            # A channel of our own keeps the connection in subscriber mode while nobody listens.
            await pubsub.subscribe(PREFIX)
            self._pubsub = pubsub
            # From here on newcomers subscribe by themselves; these came before.
            waiting = list(self._waiters)
            if waiting:
                await pubsub.subscribe(*(PREFIX + topic for topic in waiting))
            self.look(waiting)
            while not self._over:
                message = await pubsub.get_message(timeout=READ_SECONDS)
                if message is not None:
                    self._dispatch(message)

    def _dispatch(self, message: dict[str, object]) -> None:
        channel = message["channel"]
        assert isinstance(channel, bytes)
        topic = channel.decode().removeprefix(PREFIX)
        if message["type"] == "subscribe":
            # Not for a topic that all have left meanwhile: it is being unsubscribed.
            if topic in self._waiters:
                self._confirmed.setdefault(topic, asyncio.Event()).set()
        elif message["type"] == "message":
            payload = message["data"]
            assert isinstance(payload, bytes)
            for waiter in self._waiters.get(topic, ()):
                waiter.put(payload)

    async def _subscribed(self, topic: str) -> None:
        """Wait until Redis confirms; without Redis go on: the database is read again anyway."""
        confirmed = self._confirmed.setdefault(topic, asyncio.Event())
        try:
            async with self._order:
                if self._pubsub is None or confirmed.is_set():
                    return
                # Shielded: redis-py may swallow a cancellation, or give up the connection all share.
                await asyncio.shield(self._pubsub.subscribe(PREFIX + topic))
            async with asyncio.timeout(CONFIRM_SECONDS):
                await confirmed.wait()
        except (RedisError, OSError, TimeoutError) as error:
            events.emit("wakeups.unreachable", topic=topic, error=str(error))

    async def _leave(self, topic: str, waiter: Waiter) -> None:
        waiters = self._waiters[topic]
        waiters.discard(waiter)
        if waiters:
            return
        del self._waiters[topic]
        try:
            async with self._order:
                if topic in self._waiters or self._pubsub is None:
                    return
                self._confirmed.pop(topic, None)
                await asyncio.shield(self._pubsub.unsubscribe(PREFIX + topic))
        except (RedisError, OSError) as error:
            events.emit("wakeups.unreachable", topic=topic, error=str(error))

    async def _write_forever(self) -> None:
        while not self._over:
            await self._posted.wait()
            self._posted.clear()
            await asyncio.sleep(GATHER_SECONDS)
            while self._outbox and not self._over:
                await self._write_batch()

    async def _write_batch(self) -> None:
        count = min(BATCH, len(self._outbox))
        batch = [self._outbox.popleft() for _ in range(count)]
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for channel, payload in batch:
                    pipe.publish(channel, payload)
                await pipe.execute()
        except (RedisError, OSError) as error:
            events.emit("wakeups.lost", count=count, error=str(error))
