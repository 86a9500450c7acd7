"""Wake-ups between processes by Redis Pub/Sub: one reader a process, a map topic -> waiters.

A wake-up may be lost, late or doubled; whoever waits keeps a place of its own in the database.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from itertools import chain

from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as Unreachable
from redis.exceptions import RedisError

from core import events
from core.topic import Topic, Waiter

PREFIX = "belfry:wake:"
CONFIRM_SECONDS = 1.0
RECONNECT_SECONDS = 0.5
PING_SECONDS = 5.0
SILENCE_SECONDS = 3 * PING_SECONDS
"""A connection on which not even a ping is answered for so long is given up."""
OUTBOX_BOUND = 10_000
GATHER_SECONDS = 0.005
"""How long a wake-up waits for others: one trip to Redis costs more than a whole notification."""
BATCH = 500
FLUSH_SECONDS = 1.0

# A batch has one answer: to read one for each wake-up takes longer than to send them all.
_PUBLISH = "for i = 1, #ARGV, 2 do redis.call('PUBLISH', ARGV[i], ARGV[i + 1]) end"


class Wakeups:
    """Publishes and listens for this process over two connections, however many listeners.

    Who comes or goes only says so. One task compares what is wanted with what Redis was last asked
    for, and asks for the difference: commands can't overtake each other, and many become one.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._topics: dict[bytes, Topic] = {}
        self._changed: set[bytes] = set()
        self._stirred = asyncio.Event()
        self._connected = False
        self._outbox: deque[tuple[bytes, bytes]] = deque(maxlen=OUTBOX_BOUND)
        self._posted = asyncio.Event()
        self._writing = asyncio.Lock()
        self._over = False

    def publish(self, topic: str, payload: bytes) -> None:
        """Send a wake-up soon, without waiting for it; under a flood the oldest fall out."""
        self._outbox.append((_channel(topic), payload))
        self._posted.set()

    async def flush(self) -> None:
        """Send what was published so far, before this process ends; gives up after a second."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_SECONDS):
                while self._outbox or self._writing.locked():
                    await self._write_batch()

    @asynccontextmanager
    async def listen(self, topic: str) -> AsyncIterator[Waiter]:
        """A waiter that hears every wake-up for `topic` published after this is entered."""
        channel, waiter = _channel(topic), Waiter()
        known = self._topics.setdefault(channel, Topic())
        known.waiters.add(waiter)
        try:
            if not known.heard:
                await self._join(channel, known, waiter)
            yield waiter
        finally:
            known.waiters.discard(waiter)
            if not known.waiters:
                self._stir(channel)
                self._forget_if_over(channel, known)

    def topics(self) -> list[str]:
        """Every topic that someone in this process listens to."""
        listened = (channel for channel, topic in self._topics.items() if topic.waiters)
        return [channel.decode().removeprefix(PREFIX) for channel in listened]

    def look(self, topics: Iterable[str]) -> None:
        """Tell all listeners of these topics to read the database."""
        for topic in topics:
            if known := self._topics.get(_channel(topic)):
                for waiter in known.waiters:
                    waiter.look()

    async def run(self) -> None:
        """Read and write until cancelled, connecting again for as long as it takes."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen_forever())
            tasks.create_task(self._write_forever())
            try:
                await asyncio.Event().wait()
            finally:
                # Before Python 3.12 redis-py may swallow a cancellation: the loops look here too.
                self._over, self._connected = True, False

    def _stir(self, *channels: bytes) -> None:
        self._changed.update(channels)
        self._stirred.set()

    async def _join(self, channel: bytes, topic: Topic, waiter: Waiter) -> None:
        """Wait until Redis confirms; without Redis go on, and look as soon as it does."""
        confirmed = asyncio.get_running_loop().create_future()
        topic.joining.append(confirmed)
        self._stir(channel)
        try:
            async with asyncio.timeout(CONFIRM_SECONDS if self._connected else 0):
                await confirmed
        except TimeoutError:
            waiter.deaf = True
        finally:
            topic.joining.remove(confirmed)

    async def _listen_forever(self) -> None:
        while not self._over:
            try:
                await self._listen()
            except* (RedisError, OSError) as failed:
                events.emit("wakeups.unreachable", error=str(failed.exceptions[0]))
            self._lose()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen(self) -> None:
        pool = self._redis.connection_pool
        line = await pool.get_connection()
        try:
            self._connected = not self._over
            self._stir(*self._topics)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._ask(line))
                tasks.create_task(self._read(line))
        finally:
            await line.disconnect(nowait=True)
            await pool.release(line)

    def _lose(self) -> None:
        self._connected = False
        for channel, topic in list(self._topics.items()):
            topic.lose()
            self._forget_if_over(channel, topic)

    async def _ask(self, line: AbstractConnection) -> None:
        """Ask Redis for what is wanted, as it changes; if nothing does, for a sign of life."""
        while self._connected:
            with suppress(TimeoutError):
                async with asyncio.timeout(PING_SECONDS):
                    await self._stirred.wait()
            self._stirred.clear()
            for command in self._commands():
                await line.send_command(*command, check_health=False)

    def _commands(self) -> Iterator[tuple[str | bytes, ...]]:
        changed, self._changed = self._changed, set()
        ask: dict[bool, list[bytes]] = {False: [], True: []}
        for channel in changed:
            topic = self._topics.get(channel)
            if topic is not None and topic.asked is not (wanted := bool(topic.waiters)):
                topic.asked = wanted
                topic.unanswered += 1
                ask[wanted].append(channel)
        if ask[False]:
            yield "UNSUBSCRIBE", *ask[False]
        if ask[True]:
            yield "SUBSCRIBE", *ask[True]
        if not changed:
            yield ("PING",)

    async def _read(self, line: AbstractConnection) -> None:
        try:
            while self._connected:
                said = await line.read_response(timeout=SILENCE_SECONDS, disconnect_on_error=False)
                if said is None:
                    raise Unreachable(f"nothing heard for {SILENCE_SECONDS:.0f} s")
                if isinstance(said, list):
                    self._dispatch(*said)
        finally:
            self._connected = False

    def _dispatch(self, kind: bytes, channel: bytes, payload: object = None) -> None:
        topic = self._topics.get(channel)
        if topic is None:
            return
        if kind == b"message":
            assert isinstance(payload, bytes)
            for waiter in topic.waiters:
                waiter.put(payload)
        else:
            topic.answered()
            self._forget_if_over(channel, topic)

    def _forget_if_over(self, channel: bytes, topic: Topic) -> None:
        if topic.over:
            self._topics.pop(channel, None)

    async def _write_forever(self) -> None:
        while not self._over:
            await self._posted.wait()
            self._posted.clear()
            await asyncio.sleep(GATHER_SECONDS)
            while self._outbox and not self._over:
                await self._write_batch()

    async def _write_batch(self) -> None:
        async with self._writing:
            count = min(BATCH, len(self._outbox))
            batch = [self._outbox.popleft() for _ in range(count)]
            try:
                said = chain.from_iterable(batch)
                # redis-py types neither its answer nor that bytes are as good as texts.
                await self._redis.execute_command("EVAL", _PUBLISH, 0, *said)  # type: ignore[no-untyped-call]
            except (RedisError, OSError) as error:
                events.emit("wakeups.lost", count=count, error=str(error))


def _channel(topic: str) -> bytes:
    return f"{PREFIX}{topic}".encode()
