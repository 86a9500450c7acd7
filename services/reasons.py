"""Why messages failed: the provider's codes, counted over so many rows and no more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId

from models.message import FAILED, Message
from rules.message import Route, Status

MOST_ROWS = 10_000
"""Counting them takes some 30 ms, whatever else there is."""
MOST_REASONS = 100
LIMIT_MS = 5_000


@dataclass(frozen=True, slots=True)
class Reason:
    """Messages that failed by the same channel and for the same reason."""

    status: Status
    channel: Route
    why: str
    messages: int


@dataclass(frozen=True, slots=True)
class Reasons:
    """The most frequent first. `partial` says that there are more messages than were looked at."""

    reasons: Sequence[Reason]
    partial: bool


async def of_mailing(mailing_id: ObjectId) -> Reasons:
    """Of the first 10,000 messages of a mailing that failed, by their ids, which are hashes."""
    failed = {"mailing_id": mailing_id, "status": {"$in": list(FAILED)}}
    # Left to itself MongoDB goes through all messages of the mailing.
    return await _counted([{"$match": failed}, {"$limit": MOST_ROWS}], hint="ended_unsent")


async def of_last(since: datetime) -> Reasons:
    """Of the last 10,000 messages that ended in any way since then."""
    ended = {"closed_at": {"$gt": since}}
    newest = {"$sort": {"closed_at": -1, "_id": -1}}
    return await _counted([{"$match": ended}, newest, {"$limit": MOST_ROWS}], hint="by_ending")


async def _counted(chosen: list[dict[str, Any]], hint: str) -> Reasons:
    alike = {"status": "$status", "channel": "$channel", "why": "$why"}
    stages = [*chosen, {"$group": {"_id": alike, "messages": {"$sum": 1}}}]
    cursor = await Message.get_pymongo_collection().aggregate(stages, hint=hint, maxTimeMS=LIMIT_MS)
    rows = await cursor.to_list()
    reasons = [
        Reason(
            Status(row["_id"]["status"]),
            Route(row["_id"]["channel"]),
            row["_id"].get("why", ""),
            row["messages"],
        )
        for row in rows
        if row["_id"]["status"] in FAILED
    ]
    reasons.sort(key=lambda one: (-one.messages, one.status, one.channel, one.why))
    looked_at = sum(row["messages"] for row in rows)
    return Reasons(reasons[:MOST_REASONS], looked_at >= MOST_ROWS)
