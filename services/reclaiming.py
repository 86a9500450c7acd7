"""Rows whose worker is gone: given back, or put aside when they seem to be what kills workers.

What was under way with it may have been delivered, and goes out again: each row gets an attempt
that tells so, for nobody else is left to do it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from pymongo.asynchronous.client_session import AsyncClientSession

from core import events, failpoints, mongo
from core.parts import Parts
from models.attempt import Attempt
from rules.message import Status, Step, Verdict, step
from services import counters
from services.deliveries import dated_id
from services.messages import collection

LIMIT = 1_000
BATCH = 50
RETURN_SECONDS = 5.0
"""What workers need at most to write, once the database is back, what they could not write before."""
QUARANTINE_AFTER = 5
"""Workers that a row may outlive; then it is given up, for an operator to look at."""
QUARANTINED = "quarantined: its worker went away each time"
RECLAIMED = "lease ran out"
GONE = "worker gone"
GONE_ANSWER = "its lease ran out: nobody knows whether the worker had sent it"

_FIELDS = ("reclaims", "attempts", "channel", "provider", "address", "lease.worker")
_WHOM = ("mailing_id", "client_id", "user_id", "contact_id")
_WRITTEN = failpoints.place("reclaiming.written")
_COMMITTED = failpoints.place("reclaiming.committed")


@dataclass(frozen=True, slots=True)
class _Done:
    rows: Sequence[dict[str, Any]]
    attempts: Sequence[dict[str, Any]]
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
            total += len(done.rows)
            _tell(done)
    return total


def _tell(done: _Done) -> None:
    for row, attempt in zip(done.rows, done.attempts, strict=True):
        whom = {name: row[name] for name in _WHOM if row.get(name) is not None}
        events.emit(
            "message.reclaimed",
            message_id=row["_id"],
            **whom,
            attempt_id=attempt["_id"],
            attempt=attempt["number"],
            channel=row["channel"],
            worker=attempt["worker"],
        )
    if gone := done.quarantined:
        events.emit("messages.quarantined", message_ids=gone, count=len(gone))


async def _reclaim(query: dict[str, Any], now: datetime, session: AsyncClientSession) -> _Done:
    fields = [*_FIELDS, *_WHOM]
    rows = await collection().find(query, projection=fields, session=session).to_list()
    hopeless = [row for row in rows if row.get("reclaims", 0) + 1 >= QUARANTINE_AFTER]
    others = [row for row in rows if row.get("reclaims", 0) + 1 < QUARANTINE_AFTER]
    await _end(others, Step.RECLAIMED, {"why": RECLAIMED}, session)
    await _end(hopeless, Step.QUARANTINED, {"why": QUARANTINED, "closed_at": now}, session)
    attempts = [_attempt(row, now) for row in rows]
    if attempts:
        await Attempt.get_pymongo_collection().insert_many(attempts, session=session)
    failpoints.reach(_WRITTEN)
    return _Done(rows, attempts, [row["_id"] for row in hopeless])


def _attempt(row: dict[str, Any], now: datetime) -> dict[str, Any]:
    """What is known of what the worker may have done, and when that was noticed."""
    return {
        "_id": dated_id(now),
        "message_id": row["_id"],
        "mailing_id": row.get("mailing_id"),
        "mailing_version": None,
        "number": row["attempts"] + 1,
        "channel": row["channel"],
        "provider": row.get("provider"),
        "address": row.get("address") or "",
        "started_at": now,
        "duration_ms": 0.0,
        "verdict": Verdict.UNKNOWN,
        "code": GONE,
        "answer": GONE_ANSWER,
        "worker": row["lease"]["worker"],
    }


async def _end(
    rows: list[dict[str, Any]], what: Step, values: dict[str, Any], session: AsyncClientSession
) -> None:
    if not rows:
        return
    status, maybe_sent = step(Status.SENDING, what, maybe_sent=True)
    update = {
        "$set": {**values, "status": status, "maybe_sent": maybe_sent},
        "$unset": {"lease": ""},
        "$inc": {"reclaims": 1, "attempts": 1},
    }
    ids = [row["_id"] for row in rows]
    await collection().update_many({"_id": {"$in": ids}}, update, session=session)
    moves: counters.Moves = counters.Moves()
    for row in rows:
        counters.move(moves, row["mailing_id"], Status.SENDING, status)
    await counters.apply(moves, session)
