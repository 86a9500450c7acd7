"""The load of live events, a process of its own: bells, and the publisher that keeps them busy.

Takes a LiveLoad as its argument and writes what came of it to stdout, both as JSON.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any

import aiohttp
import orjson
import psutil
import uvloop

from bench.bells import Audience, Wrong, ring, tell
from bench.measure import Sample
from core import clock, settings
from core.parts import open_parts
from local.ports import LOOPBACK
from rules import inbox
from services import announcements

AHEAD = 3
"""Rounds that are published before the first of them has arrived everywhere."""
WARMUP_ROUNDS = 5
LIMIT_SECONDS = 60.0

Publish = Callable[[int], Coroutine[Any, Any, None]]
"""Publishes an event of this `seq` for every user."""


@dataclass(frozen=True, slots=True)
class LiveLoad:
    """Publish rounds, one event for each user, for as long as `seconds`."""

    audience: Audience
    pid: int
    """The server's process, whose processor time is taken."""
    seconds: float
    through_redis: bool
    """As services do it; else by a POST to the bare app."""


class Hall:
    """Counts what arrives."""

    def __init__(self, sockets: int) -> None:
        self.sockets = sockets
        self.heard = 0
        self.last: dict[str, bytes] = {}
        """By user; of several tabs, what came to one of them."""
        self._awaited = 0
        self._arrived = asyncio.Event()

    def hear(self, user: str, text: bytes) -> None:
        """Count one event."""
        self.heard += 1
        self.last[user] = text
        if self.heard >= self._awaited:
            self._arrived.set()

    async def rounds(self, count: int) -> None:
        """Wait until so many rounds have arrived everywhere; raises Wrong if they don't."""
        self._awaited = count * self.sockets
        self._arrived.clear()
        if self.heard < self._awaited:
            try:
                await asyncio.wait_for(self._arrived.wait(), LIMIT_SECONDS)
            except TimeoutError:
                raise Wrong(f"{self.heard} of {self._awaited} events arrived") from None


async def run(load: LiveLoad) -> Sample:
    """Warm up, then count; raises Wrong unless every event arrives, once and in order."""
    audience = load.audience
    hall = Hall(audience.sockets)
    bells = await ring(audience, hall.hear)
    by = _through_redis(audience) if load.through_redis else _to_bare(audience)
    async with by as publish:
        seq = 1

        async def spend(goes_on: Callable[[], bool]) -> None:
            nonlocal seq
            while goes_on():
                seq += 1
                await publish(seq)
                await hall.rounds(seq - 1 - AHEAD)

        await spend(lambda: seq <= WARMUP_ROUNDS)
        start, cpu, before = time.perf_counter(), _cpu_seconds(load.pid), hall.heard
        await spend(lambda: time.perf_counter() - start < load.seconds)
        seconds, count = time.perf_counter() - start, hall.heard - before
        cpu = _cpu_seconds(load.pid) - cpu
        await hall.rounds(seq - 1)
    _check(audience, hall, seq)
    for bell in bells:
        bell.close()
    return Sample(count / seconds, cpu / count * 1e6)


def _check(audience: Audience, hall: Hall, seq: int) -> None:
    if hall.heard != (seq - 1) * audience.sockets:
        raise Wrong(f"{hall.heard} events arrived of {(seq - 1) * audience.sockets}")
    for user in audience.users:
        event = orjson.loads(hall.last[user])["payload"]["data"]["inboxEvents"]
        if event["cursor"] != inbox.cursor(user, seq) or event["notification"]["data"] != DATA:
            raise Wrong(f"the last event is {event}")


DATA = {"text": "See you at noon?", "from": "Ada", "chat": 42}


def item(seq: int) -> inbox.Item:
    """A notification as services/notifications.py makes it."""
    return {
        "id": f"{seq:024x}",
        "at": clock.now(),
        "key": "new_message",
        "target_id": "0be1f70000000000000000aa",
        "data": orjson.dumps(DATA).decode(),
        "title": "New message",
        "body": "Ada: See you at noon?",
        "new": True,
        "seq": seq,
    }


@asynccontextmanager
async def _through_redis(audience: Audience) -> AsyncIterator[Publish]:
    """Publish as a service does that has just written, without the write."""
    users = audience.users
    async with open_parts(settings.current()) as parts:

        async def publish(seq: int) -> None:
            event = inbox.Created(seq, item(seq))
            for user in users:
                announcements.publish(parts, user, event, unread=seq, floor=0)

        yield publish


@asynccontextmanager
async def _to_bare(audience: Audience) -> AsyncIterator[Publish]:
    address = f"http://{LOOPBACK}:{audience.port}"
    async with aiohttp.ClientSession(address) as session:

        async def publish(seq: int) -> None:
            body = orjson.dumps(item(seq))
            async with session.post("/publish", data=body) as answer:
                answer.raise_for_status()

        yield publish


def _cpu_seconds(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def main() -> None:
    """Do what the argument says."""
    said = orjson.loads(sys.argv[1])
    load = LiveLoad(**{**said, "audience": Audience(**said["audience"])})
    tell(asdict(uvloop.run(run(load))))


if __name__ == "__main__":
    main()
