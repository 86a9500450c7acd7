"""The heartbeat of a worker process: every few seconds it says what it does.

Nothing else in the worker waits for it or knows whether it works.
"""

import asyncio
import os
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from importlib.metadata import PackageNotFoundError, version

from pymongo.errors import PyMongoError

from core import events, tasks
from models.worker import Shift
from rules.message import Verdict
from rules.worker import BEAT_SECONDS, Identity
from services import workers
from services.workers import Beat

GOODBYE_SECONDS = 2.0
"""For taking itself off the list at the end; MongoDB may be away."""
ALONE = "alone"
"""What a lane does that works without Redis, and so without jobs."""


class Heart:
    """What a worker process knows of itself."""

    def __init__(self, lanes: Sequence[str]) -> None:
        self.who = new_name()
        self._version = _installed()
        self._began = time.monotonic()
        self._shifts: dict[str, tuple[str, set[str]]] = {lane: ("", set()) for lane in lanes}
        self._tries: Counter[bool] = Counter()
        self._counted_at = self._began
        self.saying: asyncio.Task[None] | None = None
        """The beat that is being written."""

    def lives(self, lane: str, name: str, doing: set[str]) -> None:
        """A lane goes on under a name of its own; `doing` is its live list of jobs."""
        self._shifts[lane] = (name, doing)

    def hear(self, name: str, fields: Mapping[str, object]) -> None:
        """Count the tries to deliver a message."""
        if name == "message.attempted":
            self._tries[fields.get("verdict") == Verdict.ACCEPTED] += 1

    def beat(self, *, stopping: bool) -> Beat:
        """What there is to say; rates are those since the last time."""
        now = time.monotonic()
        tries, self._tries = self._tries, Counter()
        seconds, self._counted_at = max(now - self._counted_at, 0.001), now
        return Beat(
            version=self._version,
            shifts=[
                Shift(lane=lane, name=name, doing=sorted(doing))
                for lane, (name, doing) in self._shifts.items()
            ],
            up=timedelta(seconds=now - self._began),
            stopping=stopping,
            sent_per_second=round(tries[True] / seconds, 1),
            failed_per_second=round(tries[False] / seconds, 1),
        )


@asynccontextmanager
async def beating(lanes: Sequence[str], stop: asyncio.Event) -> AsyncIterator[Heart]:
    """Say that the worker lives as long as the block runs, and then that it has gone."""
    heart = Heart(lanes)
    leave = events.subscribe(heart.hear)
    beats = asyncio.create_task(tasks.kept_up("heartbeat", partial(_beat, heart, stop)))
    try:
        yield heart
    finally:
        await tasks.end([beats])
        leave()
        await _say_goodbye(heart)


async def _beat(heart: Heart, stop: asyncio.Event) -> None:
    while True:
        stopping = stop.is_set()
        try:
            said = workers.beat(heart.who, heart.beat(stopping=stopping))
            heart.saying = asyncio.create_task(said)
            # One that is cut off at the end could be written after the goodbye.
            await asyncio.shield(heart.saying)
        except PyMongoError as error:
            events.emit("worker.beat.failed", worker=str(heart.who), error=str(error))
        if stopping:
            await asyncio.sleep(BEAT_SECONDS)
            continue
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), BEAT_SECONDS)


async def _say_goodbye(heart: Heart) -> None:
    try:
        async with asyncio.timeout(GOODBYE_SECONDS):
            if heart.saying is not None:
                await asyncio.gather(heart.saying, return_exceptions=True)
            await workers.leave(heart.who)
    except (PyMongoError, TimeoutError) as error:
        # It is shown as lost then, until MongoDB forgets it.
        events.emit("worker.goodbye.failed", worker=str(heart.who), error=str(error))


def new_name() -> Identity:
    """A name for this process, or for one life of a lane in it, that nothing had before."""
    return Identity(socket.gethostname(), os.getpid(), os.urandom(3).hex())


def _installed() -> str:
    """The version of Belfry; empty in a checkout that is not installed."""
    try:
        return version("belfry")
    except PackageNotFoundError:
        return ""
