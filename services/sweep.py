"""The sweep: what must happen even if every wake-up was lost."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import timedelta
from typing import Any

from bson import MinKey, ObjectId

from core import clock, events, failpoints
from core.parts import Parts
from models.mailing import MailingStatus
from rules.message import Status
from services import (
    breaker,
    closing,
    counters,
    courses,
    erasures,
    groups,
    launch,
    mailings,
    messages,
    reclaiming,
    retries,
    windows,
)

BATCH = 1_000
LARGE = {"text": 0, "html": 0, "contents": 0, "launch.known": 0}
"""Fields of a mailing that the sweep has no use for: up to a megabyte, each second anew."""
LEFT_BATCHES = 5
"""What a sweep does of one mailing's retry or change of window, so that no other waits for it."""
TURN_SECONDS = 5.0
"""After this a sweep begins no more batches; the next one goes on."""

_RESUMED = failpoints.place("sweep.resumed")
_SETTLED = failpoints.place("sweep.settled")


async def sweep(parts: Parts, lane: str) -> None:
    """Give back what dead workers held, and, in the bulk lane, carry on with mailings."""
    reclaimed = await reclaiming.reclaim(parts)
    if reclaimed:
        events.emit("leases.reclaimed", count=reclaimed)
    if lane == messages.BULK:
        await _end_pauses(parts)
        until = time.monotonic() + TURN_SECONDS
        await groups.forget(until)
        await erasures.go_on(parts, until)
        async with aclosing(_to_carry_on(parts)) as left:
            async for mailing in left:
                await _carry_on(parts, mailing, until)
        await courses.note(parts)


async def to_launch(parts: Parts) -> list[ObjectId]:
    """Mailings whose time has come, or whose launch was left unfinished."""
    now = parts.database_clock.now()
    due = {"status": MailingStatus.SCHEDULED, "start_at": {"$lte": now}}
    unfinished = {"status": MailingStatus.RUNNING, "launch.expanded": False}
    query = {"settled": False, "$or": [due, unfinished]}
    found = mailings.collection().find(query, projection={"_id": 1}).sort("start_at", 1)
    return [row["_id"] async for row in found.limit(BATCH)]


async def launch_due(parts: Parts, stop: asyncio.Event, seconds: float) -> int:
    """Launch what is due, in turns, for about so long; how many messages were made."""
    made, until = 0, time.monotonic() + seconds
    while True:
        before = made
        for mailing_id in await to_launch(parts):
            if stop.is_set() or time.monotonic() >= until:
                return made
            made += await launch.launch(parts, mailing_id)
        if made == before:  # nothing is due, or others are at it
            return made


async def work_is_due(parts: Parts, lane: str) -> bool:
    """Whether a pump of this lane would find a message now that its provider may get."""
    now = parts.database_clock.now()
    due: dict[str, Any] = {"status": Status.PENDING, "due_at": {"$lte": now}}
    if closed_off := await breaker.closed_off(parts):
        due["channel"] = {"$nin": closed_off}
    if lane == messages.PERSONAL:
        return await _any_message({**due, "mailing_id": None})
    running = {"status": MailingStatus.RUNNING, "settled": False, "end_at": {"$gt": now}}
    async with aclosing(_pages(running, {"_id": 1})) as pages:
        async for page in pages:
            if await _any_message({**due, "mailing_id": {"$in": [row["_id"] for row in page]}}):
                return True
    return False


async def is_due(parts: Parts, lane: str, channel: str) -> bool:
    """Whether a pump of this lane and channel may find anything: cheaper than to let it look."""
    now = parts.database_clock.now()
    if lane == messages.PERSONAL:
        due = {"status": Status.PENDING, "due_at": {"$lte": now}}
        return await _any_message({"mailing_id": None, "channel": channel, **due})
    running = {"status": MailingStatus.RUNNING, "settled": False, "end_at": {"$gt": now}}
    running["channels"] = channel
    return await mailings.collection().find_one(running, projection={"_id": 1}) is not None


async def _any_message(query: dict[str, Any]) -> bool:
    return await messages.collection().find_one(query, projection={"_id": 1}) is not None


async def _pages(
    query: dict[str, Any], fields: dict[str, Any] | None = None
) -> AsyncGenerator[list[dict[str, Any]], None]:
    """The mailings that fit, a thousand at a time."""
    place: ObjectId | MinKey = MinKey()
    while True:
        found = mailings.collection().find({**query, "_id": {"$gt": place}}, fields)
        page = await found.sort("_id", 1).limit(BATCH).to_list()
        if page:
            yield page
        if len(page) < BATCH:
            return
        place = page[-1]["_id"]


async def _end_pauses(parts: Parts) -> None:
    """A pause ends with its mailing, so that what is left can expire.

    But only once that is over by everybody's clock: an API whose clock is late would still give it
    another end, and what was paused would leave.
    """
    before = {"$ifNull": ["$launch.started_at", False]}
    status = {"$cond": [before, MailingStatus.RUNNING, MailingStatus.SCHEDULED]}
    by_all_clocks = parts.database_clock.now() - timedelta(seconds=2 * clock.VAGUE_SECONDS)
    over = {"status": MailingStatus.PAUSED, "end_at": {"$lte": by_all_clocks}}
    resumed = {"status": status, "version": {"$add": ["$version", 1]}}
    await mailings.collection().update_many({"settled": False, **over}, [{"$set": resumed}])
    failpoints.reach(_RESUMED)


async def _to_carry_on(parts: Parts) -> AsyncGenerator[dict[str, Any], None]:
    """Mailings that are over or finished, but are not marked so, or that have work left."""
    launched = {"status": MailingStatus.RUNNING, "launch.expanded": True}
    cancelled = {"status": MailingStatus.CANCELLED}
    left = [{"redue": True}, {"retrying": {"$ne": None}}]
    async for page in _pages({"settled": False, "$or": [cancelled, launched, *left]}, LARGE):
        open_ones = await counters.open_mailings([mailing["_id"] for mailing in page])
        for mailing in page:
            has_work = mailing.get("redue") or mailing.get("retrying") or _over(mailing, parts)
            if has_work or mailing["_id"] not in open_ones:
                yield mailing


async def _carry_on(parts: Parts, mailing: dict[str, Any], until: float) -> None:
    """Do what requests left undone, close what is over, and settle what is finished."""
    for _ in range(LEFT_BATCHES):
        if mailing.get("redue") and time.monotonic() < until:
            mailing["redue"] = await windows.move(parts, mailing["_id"])
        if mailing.get("retrying") and time.monotonic() < until:
            mailing["retrying"] = await retries.go_on(parts, mailing) and mailing["retrying"]
    over = _over(mailing, parts)
    while over is not None and time.monotonic() < until:
        rows, version = {"mailing_id": mailing["_id"]}, mailing["version"]
        if not await closing.close_batch(parts, rows, *over, version=version):
            break
    if mailing["status"] != MailingStatus.PAUSED:
        await _settle(mailing)


def _over(mailing: dict[str, Any], parts: Parts) -> tuple[Status, str] | None:
    if mailing["status"] == MailingStatus.CANCELLED:
        deleted = mailing.get("deleted_at") is not None
        return Status.CANCELLED, "mailing deleted" if deleted else "mailing cancelled"
    if mailing["end_at"] <= parts.database_clock.now():
        return Status.EXPIRED, "the end came first"
    return None


async def _settle(mailing: dict[str, Any]) -> None:
    """Mark a mailing settled once nothing of it is open."""
    counts = await counters.read({"mailing_id": mailing["_id"]})
    cancelled = mailing["status"] == MailingStatus.CANCELLED
    launched = mailing["launch"]["expanded"] or cancelled
    # A retry that somebody else ends just now may have opened messages since they were counted.
    if counts.get(counters.OPEN_KEY, 0) or not launched or mailing.get("retrying"):
        return
    final = MailingStatus.CANCELLED if cancelled else MailingStatus.FINISHED
    # The version says that nobody changed the mailing (moved its end, say) meanwhile.
    unchanged = {"_id": mailing["_id"], "version": mailing["version"]}
    unchanged |= {"settled": False, "retrying": None}
    settled = {"settled": True, "status": final}
    update = {"$set": settled, "$currentDate": {"settled_at": True}}
    result = await mailings.collection().update_one(unchanged, update)
    failpoints.reach(_SETTLED)
    if result.modified_count:
        events.emit("mailing.finished", mailing_id=str(mailing["_id"]), **counts)
