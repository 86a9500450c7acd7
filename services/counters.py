"""Counts of a mailing's messages by status, in shards, moved in the transaction that moves rows."""

import random
from collections import Counter as Tally
from collections.abc import Mapping
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from models.mailing import Counter
from rules.message import OPEN, Status

OPEN_KEY = "open"
Moves = Tally[tuple[ObjectId, str]]
"""How many rows of a mailing came to (or, below zero, left) a counter."""


def key(status: str) -> str:
    """The counter that a row in this status is counted by."""
    return OPEN_KEY if status in OPEN else str(status)


def move(moves: Moves, mailing_id: ObjectId | None, before: str, after: str) -> None:
    """Note that a row of a mailing went from one status to another; personal rows have none."""
    if mailing_id is not None and key(before) != key(after):
        moves[mailing_id, key(before)] -= 1
        moves[mailing_id, key(after)] += 1


async def apply(moves: Moves, session: AsyncClientSession) -> None:
    """Write the moves, each mailing's onto one shard drawn at random against contention."""
    changes: dict[ObjectId, dict[str, int]] = {}
    for (mailing_id, status), count in moves.items():
        if count:
            changes.setdefault(mailing_id, {})[f"counts.{status}"] = count
    if not changes:
        return
    await Counter.get_pymongo_collection().bulk_write(
        [
            UpdateOne(
                {"_id": f"{mailing_id}:{random.randrange(Counter.SHARDS)}"},  # noqa: S311
                {"$inc": counts, "$setOnInsert": {"mailing_id": mailing_id}},
                upsert=True,
            )
            for mailing_id, counts in changes.items()
        ],
        ordered=False,
        session=session,
    )


async def read(
    query: Mapping[str, Any], session: AsyncClientSession | None = None
) -> Mapping[str, int]:
    """The sums over all shards that match."""
    sums: Tally[str] = Tally()
    async for row in Counter.get_pymongo_collection().find(dict(query), session=session):
        sums.update(row.get("counts", {}))
    return sums


async def read_each(
    mailing_ids: list[ObjectId], session: AsyncClientSession | None = None
) -> dict[ObjectId, Tally[str]]:
    """The sums of each mailing."""
    sums: dict[ObjectId, Tally[str]] = {mailing_id: Tally() for mailing_id in mailing_ids}
    query = {"mailing_id": {"$in": mailing_ids}}
    async for row in Counter.get_pymongo_collection().find(query, session=session):
        sums[row["mailing_id"]].update(row.get("counts", {}))
    return sums


async def open_mailings(mailing_ids: list[ObjectId]) -> set[ObjectId]:
    """Those of the mailings that have open messages."""
    stages: list[dict[str, Any]] = [
        {"$match": {"mailing_id": {"$in": mailing_ids}}},
        {"$group": {"_id": "$mailing_id", "open": {"$sum": f"$counts.{OPEN_KEY}"}}},
        {"$match": {"open": {"$ne": 0}}},
    ]
    found = await Counter.get_pymongo_collection().aggregate(stages)
    return {row["_id"] async for row in found}


def closed_total(counts: Mapping[str, int]) -> int:
    """Messages that have ended."""
    return sum(counts.get(status, 0) for status in Status if status not in OPEN)
