"""Statistics: exact, and at the same cost for a thousand messages and for ten million (M8, M9)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bson import ObjectId

from core.parts import Parts
from models.message import Message
from rules.message import Status
from services import counters, mailings

SENDING = {"status": Status.SENDING, "lease.until": {"$gt": datetime(1970, 1, 1, tzinfo=UTC)}}
"""Claimed rows. Names the key of the partial index over them, so that a count reads no others; they
are few at any time."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """Messages by status, as they were together at one moment."""

    by_status: Mapping[Status, int]
    mailings: int = 1

    @property
    def total(self) -> int:
        """All messages."""
        return sum(self.by_status.values())


async def of_mailing(parts: Parts, mailing_id: ObjectId) -> Statistics:
    """The counts of one mailing."""
    return (await of_mailings(parts, [mailing_id]))[mailing_id]


async def of_mailings(parts: Parts, mailing_ids: Iterable[ObjectId]) -> dict[ObjectId, Statistics]:
    """The counts of each mailing: counters and rows under way, from one snapshot."""
    wanted = list(dict.fromkeys(mailing_ids))
    async with parts.mongo.start_session(snapshot=True) as session:
        sums = await counters.read_each(wanted, session)
        found = await Message.get_pymongo_collection().aggregate(
            [
                {"$match": {"mailing_id": {"$in": wanted}, **SENDING}},
                {"$group": {"_id": "$mailing_id", "count": {"$sum": 1}}},
            ],
            session=session,
        )
        sending = {row["_id"]: row["count"] async for row in found}
    return {one: Statistics(_by_status(sums[one], sending.get(one, 0))) for one in wanted}


async def of_sends(send_ids: Iterable[ObjectId]) -> dict[ObjectId, Statistics]:
    """The counts of sends without a mailing, which have some thousands of messages at most."""
    wanted = list(dict.fromkeys(send_ids))
    found = await Message.get_pymongo_collection().aggregate(
        [
            {"$match": {"send_id": {"$in": wanted}}},
            {"$group": {"_id": {"send": "$send_id", "status": "$status"}, "count": {"$sum": 1}}},
        ]
    )
    counts = {one: dict.fromkeys(Status, 0) for one in wanted}
    async for row in found:
        counts[row["_id"]["send"]][Status(row["_id"]["status"])] = row["count"]
    return {one: Statistics(by_status) for one, by_status in counts.items()}


async def overall(parts: Parts) -> Statistics:
    """The counts over all mailings, deleted ones too: what was sent was sent."""
    async with parts.mongo.start_session(snapshot=True) as session:
        sums = await counters.read({}, session)
        sending = await Message.get_pymongo_collection().count_documents(
            {"mailing_id": {"$ne": None}, **SENDING}, session=session
        )
        # Counted by the index: what MongoDB says without looking is wrong after it was killed.
        known = await mailings.collection().count_documents({}, hint="_id_", session=session)
    return Statistics(_by_status(sums, sending), known)


async def recount(mailing_id: ObjectId) -> Statistics:
    """The counts by looking at every row: slow, for checking the counters."""
    group: list[dict[str, Any]] = [
        {"$match": {"mailing_id": mailing_id}},
        {"$group": {"_id": "$status", "count": {"$sum": 1}}},
    ]
    found = await Message.get_pymongo_collection().aggregate(group)
    rows = {row["_id"]: row["count"] async for row in found}
    return Statistics({status: rows.get(status, 0) for status in Status})


def _by_status(sums: Mapping[str, int], sending: int) -> dict[Status, int]:
    counts = {status: sums.get(status, 0) for status in Status}
    counts[Status.SENDING] = sending
    counts[Status.PENDING] = sums.get(counters.OPEN_KEY, 0) - sending
    return counts
