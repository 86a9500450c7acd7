"""Statistics: exact, and at the same cost for a thousand messages and for ten million (M8, M9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bson import ObjectId

from core.parts import Parts
from models.message import Message
from rules.message import Status
from services import counters, mailings

# Names the key of the partial index over claimed rows, so that the count reads no others.
_LEASED = {"lease.until": {"$gt": datetime(1970, 1, 1, tzinfo=UTC)}}


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
    return Statistics(await _counts(parts, {"mailing_id": mailing_id}))


async def overall(parts: Parts) -> Statistics:
    """The counts over all mailings, deleted ones too: what was sent was sent."""
    counts = await _counts(parts, {})
    return Statistics(counts, await mailings.collection().estimated_document_count())


async def recount(mailing_id: ObjectId) -> Statistics:
    """The counts by looking at every row: slow, for checking the counters."""
    group: list[dict[str, Any]] = [
        {"$match": {"mailing_id": mailing_id}},
        {"$group": {"_id": "$status", "count": {"$sum": 1}}},
    ]
    found = await Message.get_pymongo_collection().aggregate(group)
    rows = {row["_id"]: row["count"] async for row in found}
    return Statistics({status: rows.get(status, 0) for status in Status})


async def _counts(parts: Parts, query: dict[str, Any]) -> dict[Status, int]:
    """Counters and rows under way from one snapshot; claimed rows are few at any time."""
    async with parts.mongo.start_session(snapshot=True) as session:
        sums = await counters.read(query, session)
        sending = await Message.get_pymongo_collection().count_documents(
            {"mailing_id": {"$ne": None}, **query, "status": Status.SENDING, **_LEASED},
            session=session,
        )
    counts = {status: sums.get(status, 0) for status in Status}
    counts[Status.SENDING] = sending
    counts[Status.PENDING] = sums.get(counters.OPEN_KEY, 0) - sending
    return counts
