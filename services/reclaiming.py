"""Rows whose worker is gone: given back, or put aside when they seem to be what kills workers."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from pymongo.asynchronous.client_session import AsyncClientSession

from core import events, failpoints, mongo
from core.parts import Parts
from rules.message import Status, Step, step
from services import counters
from services.messages import collection

LIMIT = 1_000
BATCH = 50
RETURN_SECONDS = 5.0
"""What workers need at most to write, once the database is back, what they could not write before."""
QUARANTINE_AFTER = 5
"""Workers that a row may outlive; then it is given up, for an operator to look at."""
QUARANTINED = "quarantined: its worker went away each time"
RECLAIMED = "lease ran out"

_WRITTEN = failpoints.place("reclaiming.written")
_COMMITTED = failpoints.place("reclaiming.committed")


@dataclass(frozen=True, slots=True)
class _Done:
    returned: int
    quarantined: list[UUID]


async def reclaim(parts: Parts) -> int:
    """End the leases that ran out; how many rows were taken back.

    A worker killed while it wrote has left rows locked; they wait until MongoDB unlocks them,
    and hold up no others. While the database was away nobody could renew a lease, nor write what
    came of a message: those who hold them are given a moment to do so, or all would be sent again.
    """
    if parts.database_clock.steady_seconds < RETURN_SECONDS:
        return 0
    now = parts.database_clock.now()
    ended = {"status": Status.SENDING, "lease.until": {"$lt": now}}
    found = collection().find(ended, projection={"_id": 1}).sort("lease.until", 1)
    ids = [row["_id"] async for row in found.limit(LIMIT)]
    total = 0
    for start in range(0, len(ids), BATCH):
        chosen = {"_id": {"$in": ids[start : start + BATCH]}, **ended}
        done = await mongo.without_waiting(parts.mongo, partial(_reclaim, chosen, now))
        if done is not None:
            failpoints.reach(_COMMITTED)
            total += done.returned + len(done.quarantined)
            if done.quarantined:
                _tell(done.quarantined)
    return total


def _tell(quarantined: list[UUID]) -> None:
    events.emit("messages.quarantined", message_ids=quarantined, count=len(quarantined))


async def _reclaim(query: dict[str, Any], now: datetime, session: AsyncClientSession) -> _Done:
    fields = {"mailing_id": 1, "reclaims": 1}
    rows = await collection().find(query, projection=fields, session=session).to_list()
    hopeless = [row for row in rows if row.get("reclaims", 0) + 1 >= QUARANTINE_AFTER]
    others = [row for row in rows if row.get("reclaims", 0) + 1 < QUARANTINE_AFTER]
    await _end(others, Step.RECLAIMED, {"why": RECLAIMED}, session)
    await _end(hopeless, Step.QUARANTINED, {"why": QUARANTINED, "closed_at": now}, session)
    failpoints.reach(_WRITTEN)
    return _Done(len(others), [row["_id"] for row in hopeless])


async def _end(
    rows: list[dict[str, Any]], what: Step, values: dict[str, Any], session: AsyncClientSession
) -> None:
    if not rows:
        return
    status, maybe_sent = step(Status.SENDING, what, maybe_sent=True)
    update = {
        "$set": {**values, "status": status, "maybe_sent": maybe_sent},
        "$unset": {"lease": ""},
        "$inc": {"reclaims": 1},
    }
    ids = [row["_id"] for row in rows]
    await collection().update_many({"_id": {"$in": ids}}, update, session=session)
    moves: counters.Moves = counters.Moves()
    for row in rows:
        counters.move(moves, row["mailing_id"], Status.SENDING, status)
    await counters.apply(moves, session)
