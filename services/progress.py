"""Live progress of a mailing (X3): all who watch it in a process share one look at the database."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo.errors import PyMongoError

from core import bearings, events, tasks
from core.errors import Unavailable
from core.parts import Parts
from models.mailing import MailingStatus
from models.provider import Provider
from rules.breaker import State
from rules.message import OPEN, Status
from services import mailings, stats
from services.stats import Statistics

LOOK_SECONDS = 0.5
RATE_SECONDS = 10.0
"""The stretch of time that the rate is taken over."""
MOST_MAILINGS = 200
"""Mailings watched at once in a process: each is looked at twice a second."""
FIELDS = {"status": 1, "settled": 1, "deleted_at": 1, "channels": 1, "launch.expanded": 1}


@dataclass(frozen=True, slots=True)
class ProviderState:
    """The breaker of a channel; while it isn't closed, its messages wait until `retry_at`."""

    channel: str
    state: State
    retry_at: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a mailing is. `seconds_left` is None while nobody can tell."""

    status: MailingStatus
    counts: Statistics
    per_second: float
    seconds_left: int | None
    providers: tuple[ProviderState, ...]


async def follow(parts: Parts, mailing_id: ObjectId) -> AsyncGenerator[Progress, None]:
    """Its progress now, and then whenever it has changed, until no more can change.

    A watcher that takes its time misses what lies between. Raises InvalidInput for an unknown
    mailing, and Unavailable if too many are watched.
    """
    if await mailings.get(mailing_id) is None:
        raise mailings.missing()
    async with _watched(parts, mailing_id) as watch:
        seen: Progress | None = None
        while (progress := await watch.after(seen)) is not None:
            yield progress
            seen = progress


class _Watch:
    """One mailing, looked at for everyone who watches it."""

    def __init__(self, parts: Parts, mailing_id: ObjectId) -> None:
        self.watchers = 0
        self._parts = parts
        self._mailing_id = mailing_id
        self._latest: Progress | None = None
        self.over = False
        self._news = asyncio.Event()
        self._closed: deque[tuple[float, int]] = deque()
        self.task = asyncio.create_task(self._run(), context=bearings.apart())

    async def after(self, seen: Progress | None) -> Progress | None:
        """The newest progress, once it is another than the one seen; None after the last."""
        while self._latest is seen:
            if self.over:
                if self.task.done():
                    self.task.result()
                return None
            await self._news.wait()
        return self._latest

    async def _run(self) -> None:
        try:
            while True:
                if await self._look():
                    return
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            self.over = True
            self._news.set()

    async def _look(self) -> bool:
        """Look once; whether it was the last time."""
        try:
            mailing = await mailings.collection().find_one({"_id": self._mailing_id}, FIELDS)
            if mailing is None:
                return True
            counts = await stats.of_mailing(self._parts, self._mailing_id)
            progress = self._progress(mailing, counts, await providers(mailing["channels"]))
        except PyMongoError as error:
            # The database is away for a moment: those who watch want to see it come back.
            events.emit("progress.look.failed", mailing_id=str(self._mailing_id), error=str(error))
            return False
        if any(one.state != State.CLOSED for one in progress.providers):
            self._closed.clear()  # an outage says nothing of the pace after it
        if progress != self._latest:
            self._latest = progress
            self._news.set()
            self._news = asyncio.Event()
        return bool(mailing["settled"] or mailing["deleted_at"])

    def _progress(
        self, mailing: dict[str, Any], counts: Statistics, providers: tuple[ProviderState, ...]
    ) -> Progress:
        rate = self._rate(counts)
        status = MailingStatus(mailing["status"])
        flowing = rate > 0 and all(one.state == State.CLOSED for one in providers)
        known = status is MailingStatus.RUNNING and mailing["launch"]["expanded"] and flowing
        left = sum(counts.by_status[state] for state in OPEN)
        return Progress(status, counts, rate, round(left / rate) if known else None, providers)

    def _rate(self, counts: Statistics) -> float:
        """Messages that ended per second, of late; a retry, which takes some back, begins anew."""
        ended = sum(counts.by_status[state] for state in Status if state not in OPEN)
        now = time.monotonic()
        if self._closed and ended < self._closed[-1][1]:
            self._closed.clear()
        self._closed.append((now, ended))
        while now - self._closed[0][0] > RATE_SECONDS:
            self._closed.popleft()
        since, before = self._closed[0]
        return round((ended - before) / (now - since), 1) if now > since else 0.0


_watches: dict[ObjectId, _Watch] = {}


@asynccontextmanager
async def _watched(parts: Parts, mailing_id: ObjectId) -> AsyncIterator[_Watch]:
    watch = _watches.get(mailing_id)
    if watch is None or watch.over:
        if len(_watches) >= MOST_MAILINGS:
            raise Unavailable(f"{MOST_MAILINGS} mailings are watched already; try again later")
        watch = _watches[mailing_id] = _Watch(parts, mailing_id)
    watch.watchers += 1
    try:
        yield watch
    finally:
        watch.watchers -= 1
        if watch.watchers == 0:
            if _watches.get(mailing_id) is watch:
                del _watches[mailing_id]
            await tasks.end([watch.task])


async def providers(channels: list[str]) -> tuple[ProviderState, ...]:
    """The breakers of these channels."""
    found = Provider.get_pymongo_collection().find({"_id": {"$in": channels}})
    rows = {row["_id"]: row async for row in found}
    return tuple(_provider(channel, rows.get(channel, {})) for channel in channels)


def _provider(channel: str, row: dict[str, Any]) -> ProviderState:
    return ProviderState(
        channel, State(row.get("state", State.CLOSED)), row.get("retry_at"), row.get("why", "")
    )
