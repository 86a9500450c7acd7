"""Close messages that are given up: their mailing or their client is gone, or the end came."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from core import events, failpoints, mongo
from core.parts import Parts
from models.mailing import Mailing
from rules.message import Status, closed
from services import counters
from services.messages import collection

CLOSING_BATCH = 1_000

_WRITTEN = failpoints.place("closing.written")
_COMMITTED = failpoints.place("closing.committed")


@dataclass(frozen=True, slots=True)
class _Order:
    query: dict[str, Any]
    wanted: Status
    why: str
    at: datetime
    version: int | None


async def close(parts: Parts, query: dict[str, Any], wanted: Status, why: str) -> int:
    """End every pending row that matches, in batches; how many were ended."""
    total = 0
    while count := await close_batch(parts, query, wanted, why):
        total += count
    return total


async def close_batch(
    parts: Parts, query: dict[str, Any], wanted: Status, why: str, *, version: int | None = None
) -> int:
    """End up to 1,000 pending rows that match; how many were ended.

    Given a `version`, none unless the query's mailing is still at it.
    """
    order = _Order(query, wanted, why, parts.database_clock.now(), version)
    done = await mongo.in_transaction(parts.mongo, partial(_close_batch, order))
    failpoints.reach(_COMMITTED)
    events.note("messages.moved", counts=done)
    return done.total()


async def _close_batch(order: _Order, session: AsyncClientSession) -> Counter[tuple[str, str]]:
    """How many were ended, by channel and status."""
    done = Counter[tuple[str, str]]()
    if order.version is not None and not await _is_at(order, session):
        return done
    pending = {**order.query, "status": Status.PENDING}
    fields = {"mailing_id": 1, "maybe_sent": 1, "channel": 1}
    found = collection().find(pending, projection=fields, session=session).limit(CLOSING_BATCH)
    rows = [row async for row in found]
    moves: counters.Moves = counters.Moves()
    for maybe_sent in (False, True):
        chosen = [row for row in rows if row["maybe_sent"] is maybe_sent]
        status = closed(order.wanted, maybe_sent)
        for row in chosen:
            counters.move(moves, row["mailing_id"], Status.PENDING, status)
            done[row["channel"], status] += 1
        if chosen:
            await collection().update_many(
                {"_id": {"$in": [row["_id"] for row in chosen]}},
                {"$set": {"status": status, "why": order.why, "closed_at": order.at}},
                session=session,
            )
    await counters.apply(moves, session)
    failpoints.reach(_WRITTEN)
    return done


async def _is_at(order: _Order, session: AsyncClientSession) -> bool:
    """Whether nobody has given the mailing a later end, or its messages another try, meanwhile.

    It is written, so that whoever does so just now waits for this batch, or this batch for them.
    """
    mailing = {"_id": order.query["mailing_id"], "version": order.version}
    closing = {"$set": {"closing_at": order.at}}
    result = await Mailing.get_pymongo_collection().update_one(mailing, closing, session=session)
    return bool(result.matched_count)
