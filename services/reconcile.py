"""The reconciler: compares counters with the rows that they count, and tells. It mends nothing.

A counter that is off means a fault in Belfry, and the trace of it must stay until somebody looks.
"""

import asyncio
import time
from collections import Counter as Tally
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import pymongo
from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError

from core import events
from core.errors import Invalid
from core.parts import Parts
from models.message import Message
from services import counters, mailings

INTERVAL = timedelta(minutes=10)
"""How long a mailing that was compared is left alone, by all workers together."""
AFTERMATH = timedelta(days=1)
"""How long a settled mailing is still compared: the providers' last words come late."""
MOST_AT_ONCE = 100
RECOUNT_SECONDS = 240
"""Limit for one mailing. MongoDB keeps a snapshot for 5 minutes."""


async def reconcile(parts: Parts, mailing_id: ObjectId) -> dict[str, int]:
    """By how much each counter is off: the counter less the rows; empty if all are exact.

    Those of a mailing whose rows are kept no longer can't be compared any more.

    Both sides come from one snapshot, so deliveries may go on meanwhile.
    """
    with pymongo.timeout(RECOUNT_SECONDS):
        async with parts.mongo.start_session(snapshot=True) as session:
            if await _is_archived(mailing_id, session):
                return {}
            counted = await counters.read({"mailing_id": mailing_id}, session)
            rows = await _recount(mailing_id, session)
    keys = sorted(counted.keys() | rows.keys())
    off = {key: by for key in keys if (by := counted.get(key, 0) - rows.get(key, 0))}
    told = {"mailing_id": str(mailing_id), "rows": sum(rows.values())}
    if off:
        events.emit("counters.differ", **told, differences=off)
    else:
        events.emit("counters.reconciled", **told)
    return off


async def reconcile_due(parts: Parts, stop: asyncio.Event, seconds: float) -> int:
    """Compare mailings, those first that waited longest, for at most about `seconds`; how many."""
    until = time.monotonic() + seconds
    done = 0
    while done < MOST_AT_ONCE and not stop.is_set() and time.monotonic() < until:
        mailing_id = await _pick(parts)
        if mailing_id is None:
            break
        try:
            await reconcile(parts, mailing_id)
        except PyMongoError as error:
            events.emit("reconcile.failed", mailing_id=str(mailing_id), error=str(error))
        done += 1
    return done


async def reconcile_all(
    parts: Parts, only: ObjectId | None = None
) -> AsyncIterator[tuple[ObjectId, dict[str, int]]]:
    """Compare every mailing there is (or only one), oldest first, however long that takes.

    Raises Invalid for one whose rows are kept no longer.
    """
    query: dict[str, Any] = {"archived_at": None}
    if only is not None:
        query["_id"] = only
        if await mailings.collection().find_one({"_id": only, "archived_at": {"$ne": None}}):
            raise Invalid("the mailing's messages are kept no longer: there is nothing to compare")
    found = mailings.collection().find(query, projection={"_id": 1}).sort("_id", 1)
    for row in await found.to_list():
        yield row["_id"], await reconcile(parts, row["_id"])


async def _pick(parts: Parts) -> ObjectId | None:
    """The next mailing to compare, marked in the same step so that no other worker takes it."""
    now = parts.database_clock.now()
    live = {"$or": [{"settled": False}, {"settled_at": {"$gt": now - AFTERMATH}}]}
    due = {"$or": [{"reconciled_at": None}, {"reconciled_at": {"$lte": now - INTERVAL}}]}
    row = await mailings.collection().find_one_and_update(
        {"$and": [live, due]},
        {"$set": {"reconciled_at": now}},
        projection={"_id": 1},
        sort=[("reconciled_at", 1)],
    )
    return None if row is None else row["_id"]


async def _is_archived(mailing_id: ObjectId, session: AsyncClientSession) -> bool:
    archived = {"_id": mailing_id, "archived_at": {"$ne": None}}
    found = await mailings.collection().find_one(archived, {"_id": 1}, session=session)
    return found is not None


async def _recount(mailing_id: ObjectId, session: AsyncClientSession) -> Mapping[str, int]:
    """The rows by the counter that they should be counted by."""
    found = await Message.get_pymongo_collection().aggregate(
        [
            {"$match": {"mailing_id": mailing_id}},
            {"$group": {"_id": "$status", "count": {"$sum": 1}}},
        ],
        session=session,
    )
    rows: Tally[str] = Tally()
    async for group in found:
        rows[counters.key(group["_id"])] += group["count"]
    return rows
