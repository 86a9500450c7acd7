"""Roll-ups: count what became of each day's messages, once the day is over, for ever (T6).

One worker at a time rolls up a day, under a lease. It writes its rows under the name of a run of
its own, and then lets the day name that run: whatever dies before has counted nothing, and whoever
comes too late finds that the day names another. Time-series collections know no transactions.
"""

import asyncio
import time
import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pymongo.errors import DuplicateKeyError, PyMongoError

from core import events, failpoints
from core.parts import Parts
from models.ending import Ending
from models.message import EPOCH
from models.rollup import RolledDay, Rollup
from services import measures, messages

MARGIN = timedelta(hours=1)
"""After the end of a day; by then all is written that ended in it, see `results.LATEST`."""
LEASE = timedelta(minutes=10)
DAY = timedelta(days=1)

_CLAIMED = failpoints.place("rollups.claimed")
_INSERTED = failpoints.place("rollups.inserted")
_NAMED = failpoints.place("rollups.named")


def begins(day: date) -> datetime:
    """The first moment of a day."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


async def roll_up_due(parts: Parts, now: datetime, stop: asyncio.Event, seconds: float) -> int:
    """Roll up the days that are over, oldest first, for about so long; how many it was."""
    until, done = time.monotonic() + seconds, 0
    for day in await due(now):
        if stop.is_set() or time.monotonic() >= until:
            break
        try:
            done += await roll_up(parts, day, now)
        except PyMongoError as error:
            events.emit("rollup.failed", day=day.isoformat(), error=str(error))
    return done


async def due(now: datetime) -> list[date]:
    """The days that are over and not rolled up, from the first in which a message ended."""
    first = await _first_day()
    if first is None:
        return []
    done = {row["_id"] async for row in _days().find({"run": {"$ne": None}}, {"_id": 1})}
    span = ((now - MARGIN).date() - first).days
    days = (first + timedelta(days=count) for count in range(span))
    return [day for day in days if day.isoformat() not in done]


async def roll_up(parts: Parts, day: date, now: datetime) -> bool:
    """Roll up one day; False if it is done, or another worker is at it."""
    run = uuid.uuid4()
    if not await _claim(day, run, now):
        return False
    failpoints.reach(_CLAIMED)
    async with parts.mongo.start_session(snapshot=True) as session:
        found = await measures.measure([(begins(day), begins(day) + DAY)], session)
    rows = [{**row, "run": run} for rows in found for row in rows]
    if rows and not await _store(rows, day, run):
        return False
    failpoints.reach(_INSERTED)
    total = sum(row["messages"] for row in rows)
    ours = {"_id": day.isoformat(), "run": None, "lease_token": run}
    named = {"run": run, "messages": total, "rolled_at": now}
    free = {"lease_token": "", "lease_until": ""}
    result = await _days().update_one(ours, {"$set": named, "$unset": free})
    failpoints.reach(_NAMED)
    if result.modified_count:
        events.emit("day.rolled_up", day=day.isoformat(), messages=total, rows=len(rows))
    return bool(result.modified_count)


async def _claim(day: date, run: uuid.UUID, now: datetime) -> bool:
    free = {"_id": day.isoformat(), "run": None}
    free |= {"$or": [{"lease_until": None}, {"lease_until": {"$lte": now}}]}  # type: ignore[dict-item]
    lease = {"lease_token": run, "lease_until": now + LEASE}
    try:
        await _days().update_one(free, {"$set": lease}, upsert=True)
    except DuplicateKeyError:
        return False
    return True


async def _store(rows: list[dict[str, Any]], day: date, run: uuid.UUID) -> bool:
    """Write the rows; whether each is there once, whatever the network did on the way."""
    collection = Rollup.get_pymongo_collection()
    await collection.insert_many(rows, ordered=False)
    stored = await collection.count_documents({"day": begins(day), "run": run})
    if stored != len(rows):
        events.emit("rollup.failed", day=day.isoformat(), error=f"{stored} of {len(rows)} rows")
    return stored == len(rows)


async def _first_day() -> date | None:
    days = []
    for rows in (messages.collection(), Ending.get_pymongo_collection()):
        ended = rows.find({"closed_at": {"$gt": EPOCH}}, {"closed_at": 1})
        days += [row["closed_at"].date() async for row in ended.sort("closed_at", 1).limit(1)]
    return min(days, default=None)


def _days() -> Any:  # noqa: ANN401 - PyMongo's collection
    return RolledDay.get_pymongo_collection()
