"""Close messages that are given up: their mailing or their client is gone, or the end came."""

from functools import partial
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from core import clock, mongo
from core.parts import Parts
from rules.message import Status, closed
from services import counters
from services.messages import collection

CLOSING_BATCH = 1_000


async def close(parts: Parts, query: dict[str, Any], wanted: Status, why: str) -> int:
    """End every pending row that matches, in batches; how many were ended."""
    total = 0
    while count := await close_batch(parts, query, wanted, why):
        total += count
    return total


async def close_batch(parts: Parts, query: dict[str, Any], wanted: Status, why: str) -> int:
    """End up to 1,000 pending rows that match; how many were ended."""
    return await mongo.in_transaction(parts.mongo, partial(_close_batch, query, wanted, why))


async def _close_batch(
    query: dict[str, Any], wanted: Status, why: str, session: AsyncClientSession
) -> int:
    pending = {**query, "status": Status.PENDING}
    fields = {"mailing_id": 1, "maybe_sent": 1}
    found = collection().find(pending, projection=fields, session=session).limit(CLOSING_BATCH)
    rows = [row async for row in found]
    moves: counters.Moves = counters.Moves()
    for maybe_sent in (False, True):
        chosen = [row for row in rows if row["maybe_sent"] is maybe_sent]
        status = closed(wanted, maybe_sent)
        for row in chosen:
            counters.move(moves, row["mailing_id"], Status.PENDING, status)
        if chosen:
            await collection().update_many(
                {"_id": {"$in": [row["_id"] for row in chosen]}},
                {"$set": {"status": status, "why": why, "closed_at": clock.now()}},
                session=session,
            )
    await counters.apply(moves, session)
    return len(rows)
