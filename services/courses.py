"""The course of a mailing: its counts at up to 120 moments, however long it runs.

The sweep notes them from the counters, once a second at first. When there is no more room every
second point goes, and from then on they are noted half as often. What a mailing costs to note and
to read depends neither on how many messages it has nor on how long it runs.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from core.parts import Parts
from models.course import Course, Point
from models.mailing import MailingStatus
from rules.message import Status
from services import counters, mailings

MOST_POINTS = 120
MOST_MAILINGS = 200
"""Those that began last, of more that run at once."""
DUPLICATE_KEY = 11000

_ROOM = {"$lte": [{"$size": "$points"}, MOST_POINTS]}
_EVERY_SECOND_ONE = {
    "$map": {
        "input": {"$range": [0, {"$size": "$points"}, 2]},
        "as": "place",
        "in": {"$arrayElemAt": ["$points", "$$place"]},
    }
}


async def note(parts: Parts) -> None:
    """Note where the mailings are that run, where it is time."""
    now = parts.database_clock.now()
    running = {"status": MailingStatus.RUNNING, "settled": False}
    found = mailings.collection().find(running, {"_id": 1}).sort("_id", -1).limit(MOST_MAILINGS)
    ids = [row["_id"] async for row in found]
    early = _collection().find({"_id": {"$in": ids}, "next_at": {"$gt": now}}, {"_id": 1})
    waiting = {row["_id"] async for row in early}
    due = [one for one in ids if one not in waiting]
    if not due:
        return
    sums = await counters.read_each(due)
    changes = [_noting(one, _point(sums[one], now), now) for one in due]
    try:
        await _collection().bulk_write(changes, ordered=False)
    except BulkWriteError as error:
        # Another worker noted one of them just now.
        if any(one["code"] != DUPLICATE_KEY for one in error.details["writeErrors"]):
            raise


async def of_mailings(parts: Parts, mailing_ids: Iterable[ObjectId]) -> dict[ObjectId, list[Point]]:
    """The course of each, from its start up to now or its end."""
    wanted = list(dict.fromkeys(mailing_ids))
    sums = await counters.read_each(wanted)
    noted = {one.id: one.points async for one in Course.find({"_id": {"$in": wanted}})}
    fields = {"launch.started_at": 1, "settled_at": 1, "settled": 1}
    rows = mailings.collection().find({"_id": {"$in": wanted}}, fields)
    found: dict[ObjectId, list[Point]] = {one: [] for one in wanted}
    async for row in rows:
        one, started_at = row["_id"], row.get("launch", {}).get("started_at")
        if started_at is None:
            continue
        ended_at = row.get("settled_at") if row.get("settled") else None
        last = _point(sums[one], ended_at or parts.database_clock.now())
        first = Point(at=started_at, sent=0, failed=0, open=0)
        between = [point for point in noted.get(one, ()) if first.at < point.at < last.at]
        found[one] = [first, *between, last]
    return found


def _point(counts: Mapping[str, int], at: datetime) -> Point:
    failed = counts.get(Status.FAILED, 0) + counts.get(Status.UNDELIVERABLE, 0)
    sent, left = counts.get(Status.SENT, 0), counts.get(counters.OPEN_KEY, 0)
    return Point(at=at, sent=sent, failed=failed, open=left)


def _noting(mailing_id: ObjectId, point: Point, now: datetime) -> UpdateOne:
    """One atomic update: of workers that note at the same time one does, and none half of it."""
    added = {"$concatArrays": [{"$ifNull": ["$points", []]}, [point.model_dump()]]}
    every = {"$ifNull": ["$every_seconds", 1.0]}
    stages: list[dict[str, Any]] = [
        {"$set": {"points": added, "every_seconds": every}},
        {
            "$set": {
                "every_seconds": {
                    "$cond": [_ROOM, "$every_seconds", {"$multiply": ["$every_seconds", 2]}]
                },
                "points": {"$cond": [_ROOM, "$points", _EVERY_SECOND_ONE]},
            }
        },
        {"$set": {"next_at": {"$add": [now, {"$multiply": ["$every_seconds", 1_000]}]}}},
    ]
    # Where it is not yet time, the upsert fails on the id that is there.
    return UpdateOne({"_id": mailing_id, "next_at": {"$lte": now}}, stages, upsert=True)


def _collection() -> Any:  # noqa: ANN401 - PyMongo's collection
    return Course.get_pymongo_collection()
