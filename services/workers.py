"""Workers: each says every few seconds that it lives and what it does; anyone may look.

What a worker has in hand is not what it says of itself but what the leases say, so that it is as
true of one that was killed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pymongo import WriteConcern
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.read_concern import ReadConcern

from core import mongo
from core.parts import Parts
from models.worker import Shift, Worker
from rules.worker import Identity, State, state, without_slot
from services import messages, stats

MOST = 100
"""On a list: those that beat last."""


@dataclass(frozen=True, slots=True)
class Beat:
    """What a worker says of itself."""

    version: str
    shifts: Sequence[Shift]
    up: timedelta
    stopping: bool = False
    sent_per_second: float = 0.0
    failed_per_second: float = 0.0


@dataclass(frozen=True, slots=True)
class InHand:
    """Messages that are claimed: about to leave, or leaving."""

    worker: str
    """By the name that it has in this lane."""
    lane: str
    channel: str
    count: int


@dataclass(frozen=True, slots=True)
class Seen:
    """A worker as it looks from here."""

    worker: Worker
    state: State
    silent_seconds: float
    in_hand: Sequence[InHand]


class Staff(NamedTuple):
    """All workers, those on the list first to last, and everything that anyone has in hand."""

    seen: Sequence[Seen]
    in_hand: Sequence[InHand]

    def of_lane(self, lane: str) -> int:
        """How many run for a lane."""
        running = (one.worker for one in self.seen if one.state is State.RUNNING)
        return sum(any(shift.lane == lane for shift in worker.shifts) for worker in running)


async def beat(who: Identity, said: Beat) -> None:
    """Say that a worker lives, by one write that waits for one server alone."""
    values = {
        "host": who.host,
        "pid": who.pid,
        "version": said.version,
        "shifts": [shift.model_dump() for shift in said.shifts],
        "stopping": said.stopping,
        "sent_per_second": said.sent_per_second,
        "failed_per_second": said.failed_per_second,
    }
    up_ms = round(said.up.total_seconds() * 1_000)
    told: dict[str, Any] = {name: {"$literal": value} for name, value in values.items()}
    told["beat_at"] = "$$NOW"
    told["started_at"] = {"$ifNull": ["$started_at", {"$subtract": ["$$NOW", up_ms]}]}
    await _rows().update_one({"_id": str(who)}, [{"$set": told}], upsert=True)


async def leave(who: Identity) -> None:
    """Take a worker that ends off the list."""
    await _rows().delete_one({"_id": str(who)})


async def staff(parts: Parts) -> Staff:
    """Who works, and on what."""
    now = await mongo.now(parts.mongo)
    rows = await _rows().find().sort({"beat_at": -1, "_id": 1}).limit(MOST).to_list()
    found = map(Worker.model_validate, rows)
    hands = await in_hand()
    by_name: dict[str, list[InHand]] = {}
    for one in hands:
        by_name.setdefault(one.worker, []).append(one)
    seen = sorted((_seen(worker, by_name, now) for worker in found), key=_place)
    return Staff(seen, hands)


async def in_hand() -> list[InHand]:
    """What is claimed, by worker, lane and channel: as few rows as workers can hold."""
    lane = {"$cond": [{"$ifNull": ["$mailing_id", False]}, messages.BULK, messages.PERSONAL]}
    key = {"worker": "$lease.worker", "lane": lane, "channel": "$channel"}
    found = await messages.collection().aggregate(
        [{"$match": stats.SENDING}, {"$group": {"_id": key, "count": {"$sum": 1}}}]
    )
    sums: dict[tuple[str, str, str], int] = {}
    async for row in found:
        of = row["_id"]
        # Several pumps of one worker count together.
        name = without_slot(of["worker"]), of["lane"], of["channel"]
        sums[name] = sums.get(name, 0) + row["count"]
    return [InHand(*name, count) for name, count in sorted(sums.items())]


def _seen(worker: Worker, by_name: Mapping[str, Sequence[InHand]], now: datetime) -> Seen:
    hands = [one for shift in worker.shifts for one in by_name.get(shift.name, ())]
    silent = max(0.0, (now - worker.beat_at).total_seconds())
    how = state(worker.beat_at, now, stopping=worker.stopping)
    return Seen(worker, how, silent, hands)


def _place(seen: Seen) -> tuple[bool, datetime, str]:
    """Those that live stay where they are, oldest first, and then comes who was lost, in its turn."""
    return seen.state is State.LOST, seen.worker.started_at, seen.worker.id


def _rows() -> AsyncCollection[dict[str, Any]]:
    """What one server has is enough: the next beat makes up for one that gets lost."""
    rows = Worker.get_pymongo_collection()
    return rows.with_options(write_concern=WriteConcern(w=1), read_concern=ReadConcern("local"))
