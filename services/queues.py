"""Queues: what waits, runs, is tried again and failed, by lane and channel (M24).

Its cost doesn't grow with what waits: counting stops at `MOST`, and the oldest row is found by a
seek for each mailing. All who look in a process within a second share one look.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from bson import ObjectId

from core import mongo
from core.parts import Parts
from models.mailing import MailingStatus
from models.message import UNSENT
from rules.message import Route, Status
from services import mailings, messages, progress, workers
from services.progress import ProviderState
from services.workers import Staff

LANES = (messages.PERSONAL, messages.BULK)
MOST = 10_000
"""Rows that are counted of a kind; it takes MongoDB some 20 ms."""
MOST_MAILINGS = 1_000
"""That are looked into, as by a pump."""
SEEKS = 100
"""Mailings in one query that sorts: MongoDB merges up to 200 ranges, and sorts all rows of more."""
FAILED_WITHIN = timedelta(days=1)
SHARED_SECONDS = 1.0

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows there are, or that there are more than so many."""

    number: int
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class Queue:
    """One channel of one lane. What is tried again is counted as waiting or scheduled, too."""

    lane: str
    channel: str
    waiting: Count
    """Due now: a worker should take it."""
    scheduled: Count
    """Due later, or of a mailing that is paused."""
    retrying: Count
    """Of both, what was tried before."""
    running: int
    """Held by a worker."""
    failed: Count
    """Tried and given up within a day."""
    oldest_due_at: datetime | None
    oldest_due_seconds: float | None
    """How long what waits longest has been due; None if nothing waits."""
    provider: ProviderState
    workers: int
    """That run for this lane."""

    @property
    def counts(self) -> Mapping[str, int]:
        """By state, for gauges: those that stop at `MOST` say `MOST`."""
        return {
            "waiting": self.waiting.number,
            "scheduled": self.scheduled.number,
            "retrying": self.retrying.number,
            "running": self.running,
            "failed": self.failed.number,
        }


@dataclass(slots=True)
class _Sources:
    """Whose rows are of a queue: ids of mailings, or None for personal messages."""

    running: list[ObjectId | None] = field(default_factory=list)
    paused: list[ObjectId | None] = field(default_factory=list)
    recent: list[ObjectId | None] = field(default_factory=list)
    """Those of which a message may have failed within a day."""
    more: bool = False
    """Whether there are mailings beyond those."""


async def look(parts: Parts) -> Sequence[Queue]:
    """Every lane and channel, as it was within the last second."""
    shared = _shared.setdefault(parts.mongo, _Look())
    return await shared.take(parts)


async def measure(parts: Parts) -> Sequence[Queue]:
    """Every lane and channel, as it is now."""
    now = await mongo.now(parts.mongo)
    channels = [route.value for route in Route]
    staff, breakers, sources = await asyncio.gather(
        workers.staff(parts), progress.providers(channels), _bulk(now)
    )
    personal: list[ObjectId | None] = [None]
    alone = _Sources(personal, [], personal)
    return await asyncio.gather(
        *(
            _queue(
                lane,
                breaker,
                alone if lane == messages.PERSONAL else sources[breaker.channel],
                staff,
                now,
            )
            for lane in LANES
            for breaker in breakers
        )
    )


async def _bulk(now: datetime) -> Mapping[str, _Sources]:
    """The mailings of each channel that matter now."""
    found: dict[str, _Sources] = {route.value: _Sources() for route in Route}
    fields = {"status": 1, "end_at": 1, "channels": 1, "settled": 1}
    open_ones = {"settled": False, "status": {"$ne": MailingStatus.SCHEDULED}}
    settled = {"settled_at": {"$gte": now - FAILED_WITHIN}, "settled": True}
    for query in (open_ones, settled):
        rows = await mailings.collection().find(query, fields).limit(MOST_MAILINGS + 1).to_list()
        for row in rows[:MOST_MAILINGS]:
            for channel in row["channels"]:
                _sort_in(found[channel], row, now)
        if len(rows) > MOST_MAILINGS:
            for sources in found.values():
                sources.more = True
    return found


def _sort_in(sources: _Sources, mailing: Row, now: datetime) -> None:
    sources.recent.append(mailing["_id"])
    if mailing["settled"] or mailing["end_at"] <= now:
        return
    if mailing["status"] == MailingStatus.RUNNING:
        sources.running.append(mailing["_id"])
    elif mailing["status"] == MailingStatus.PAUSED:
        sources.paused.append(mailing["_id"])


async def _queue(
    lane: str, provider: ProviderState, sources: _Sources, staff: Staff, now: datetime
) -> Queue:
    channel = provider.channel
    pending = {"channel": channel, "status": Status.PENDING}
    due, later = {**pending, "due_at": {"$lte": now}}, {**pending, "due_at": {"$gt": now}}
    tried = {**pending, "attempts": {"$gt": 0}}
    unsent = {"channel": channel, "status": {"$in": list(UNSENT)}}
    unsent["closed_at"] = {"$gte": now - FAILED_WITHIN}
    oldest, scheduled, retrying, failed = await asyncio.gather(
        _oldest(sources.running, due),
        _count(sources, "pending", (sources.running, later), (sources.paused, pending)),
        _count(sources, "retrying", ([*sources.running, *sources.paused], tried)),
        _count(sources, "unsent", (sources.recent, unsent)),
    )
    waiting = (
        Count(0) if oldest is None else await _count(sources, "pending", (sources.running, due))
    )
    return Queue(
        lane=lane,
        channel=channel,
        waiting=waiting,
        scheduled=scheduled,
        retrying=retrying,
        running=sum(
            one.count for one in staff.in_hand if (one.lane, one.channel) == (lane, channel)
        ),
        failed=failed,
        oldest_due_at=oldest,
        oldest_due_seconds=None if oldest is None else (now - oldest).total_seconds(),
        provider=provider,
        workers=staff.of_lane(lane),
    )


async def _oldest(sources: Sequence[ObjectId | None], due: Row) -> datetime | None:
    """Since when the row that waits longest has been due: a seek for each source."""
    found: list[datetime] = []
    for these in _parts_of(sources):
        query = {"mailing_id": these, **due}
        rows = messages.collection().find(query, {"due_at": 1}, hint="pending").sort("due_at", 1)
        found += [row["due_at"] async for row in rows.limit(1)]
    return min(found, default=None)


def _parts_of(sources: Sequence[ObjectId | None]) -> Iterable[Any]:
    """Conditions on a mailing's id that have a seek for each id."""
    for start in range(0, len(sources), SEEKS):
        yield {"$in": list(sources[start : start + SEEKS])}


async def _count(
    sources: _Sources, index: str, *wanted: tuple[Sequence[ObjectId | None], Row]
) -> Count:
    """How many rows of the sources fit, up to `MOST`."""
    total = 0
    for ids, query in wanted:
        if ids and total <= MOST:
            whole = {"mailing_id": {"$in": list(ids)}, **query}
            limit = MOST + 1 - total
            total += await messages.collection().count_documents(whole, limit=limit, hint=index)
    return Count(min(total, MOST), total > MOST or sources.more)


class _Look:
    """One look that several share."""

    def __init__(self) -> None:
        self._task: asyncio.Task[Sequence[Queue]] | None = None
        self._begun = 0.0

    async def take(self, parts: Parts) -> Sequence[Queue]:
        """What is seen; who gives up waiting takes it from nobody else."""
        if self._task is None or self._is_old(self._task):
            self._begun = time.monotonic()
            self._task = asyncio.create_task(measure(parts))
        return await asyncio.shield(self._task)

    def _is_old(self, task: "asyncio.Task[Sequence[Queue]]") -> bool:
        if not task.done():
            return False
        failed = task.cancelled() or task.exception() is not None
        return failed or time.monotonic() - self._begun >= SHARED_SECONDS


_shared: WeakKeyDictionary[mongo.Client, _Look] = WeakKeyDictionary()
