"""Messages: claim due rows, and write what became of them.

Every change of a claimed row is fenced by its lease's token; rows, attempts and counters change
in one transaction.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import BulkWriteError, PyMongoError

from core import clock, events, mongo
from core.parts import Parts
from models.attempt import Attempt
from models.message import Message
from rules.message import Fate, Status
from services import counters

PERSONAL = "personal"
BULK = "bulk"
RECLAIM_LIMIT = 1_000
RECLAIM_BATCH = 50


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that is ours to send while the lease lasts."""

    row: dict[str, Any]
    token: uuid.UUID

    @property
    def id(self) -> uuid.UUID:
        """The message's id."""
        found: uuid.UUID = self.row["_id"]
        return found

    @property
    def mailing_id(self) -> ObjectId | None:
        """The mailing it belongs to; None for a personal one."""
        return self.row.get("mailing_id")


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a claimed row, and the attempt behind it, if there was one."""

    claimed: Claimed
    fate: Fate
    why: str = ""
    attempt: dict[str, Any] | None = None
    at: datetime = field(default_factory=clock.now)


def collection() -> AsyncCollection[dict[str, Any]]:
    """The rows themselves, for queries in bulk."""
    return Message.get_pymongo_collection()


def wake(parts: Parts, lane: str = PERSONAL) -> None:
    """Tell the workers of a lane that work is due."""
    parts.queue.wake("pump", lane, 0, lane=lane, job_id=f"pump:{lane}:0")


async def claim(
    parts: Parts, mailing_id: ObjectId | None, channel: str, limit: int, worker: str
) -> list[Claimed]:
    """Take up to `limit` due rows of a mailing (None: personal ones) for this worker.

    Two workers that find the same rows don't both get them: the update takes only rows that are
    still pending and due, and each reads back just those that carry its own token.
    """
    due = {"status": Status.PENDING, "due_at": {"$lte": parts.database_clock.now()}}
    query = {"mailing_id": mailing_id, "channel": channel, **due}
    found = collection().find(query, projection={"_id": 1}).limit(limit)
    ids = [row["_id"] async for row in found]
    if not ids:
        return []
    token = uuid.uuid4()
    lease = {"token": token, "until": _until(parts), "worker": worker}
    try:
        await collection().update_many(
            {"_id": {"$in": ids}, **due},
            {"$set": {"status": Status.SENDING, "lease": lease}},
        )
        mine = collection().find({"_id": {"$in": ids}, "lease.token": token})
        return [Claimed(row, token) async for row in mine]
    except PyMongoError:
        await give_back(ids, token)
        raise


async def give_back(ids: Sequence[uuid.UUID], token: uuid.UUID) -> None:
    """Undo a claim of which nothing was begun; if that fails too, the lease runs out."""
    try:
        await collection().update_many(
            {"_id": {"$in": list(ids)}, "lease.token": token},
            {"$set": {"status": Status.PENDING}, "$unset": {"lease": ""}},
        )
    except PyMongoError as error:
        events.emit("leases.return.failed", count=len(ids), error=str(error))


async def renew(parts: Parts, claimed: Sequence[Claimed]) -> int:
    """Hold the leases of these rows for longer, where they are still ours; how many were."""
    until = _until(parts)
    tokens = list({one.token for one in claimed})
    ours = {"_id": {"$in": [one.id for one in claimed]}, "lease.token": {"$in": tokens}}
    await collection().update_many(ours, {"$set": {"lease.until": until}})
    found = collection().find({**ours, "lease.until": until}, projection={"lease.token": 1})
    held = {(row["_id"], row["lease"]["token"]) async for row in found}
    for one in claimed:
        if (one.id, one.token) in held:
            one.row["lease"]["until"] = until
    return len(held)


def _until(parts: Parts) -> datetime:
    return parts.database_clock.now() + timedelta(seconds=parts.settings.lease_seconds)


async def write(parts: Parts, changes: Sequence[Change]) -> int:
    """Write what became of claimed rows; how many were still ours.

    A row whose lease went to another worker is left to that worker, but its attempt is kept: it
    did happen.
    """
    attempts = [change.attempt for change in changes if change.attempt is not None]
    try:
        return await mongo.in_transaction(parts.mongo, partial(_write, changes, attempts))
    except BulkWriteError:
        # The answer to an earlier commit of the same attempts was lost on the way to us.
        attempts = await _unstored(attempts)
        return await mongo.in_transaction(parts.mongo, partial(_write, changes, attempts))


async def reclaim(parts: Parts) -> int:
    """Give back rows whose lease ran out: their worker is gone, and may have sent them.

    A worker killed while it wrote has left rows locked; they wait until MongoDB unlocks them,
    and hold up no others.
    """
    ended = {"status": Status.SENDING, "lease.until": {"$lt": parts.database_clock.now()}}
    found = collection().find(ended, projection={"_id": 1}).sort("lease.until", 1)
    ids = [row["_id"] async for row in found.limit(RECLAIM_LIMIT)]
    total = 0
    for start in range(0, len(ids), RECLAIM_BATCH):
        chosen = {"_id": {"$in": ids[start : start + RECLAIM_BATCH]}, **ended}
        total += await mongo.without_waiting(parts.mongo, partial(_reclaim, chosen)) or 0
    return total


async def _reclaim(query: dict[str, Any], session: AsyncClientSession) -> int:
    values = {"status": Status.PENDING, "maybe_sent": True, "why": "lease ran out"}
    update = {"$set": values, "$unset": {"lease": ""}}
    return (await collection().update_many(query, update, session=session)).modified_count


async def _write(
    changes: Sequence[Change], attempts: list[dict[str, Any]], session: AsyncClientSession
) -> int:
    ours = await _still_ours(changes, session)
    moves: counters.Moves = counters.Moves()
    for change in ours:
        counters.move(moves, change.claimed.mailing_id, Status.SENDING, change.fate.status)
    if ours:
        updates = [_update(change) for change in ours]
        await collection().bulk_write(updates, ordered=False, session=session)
    if attempts:
        await Attempt.get_pymongo_collection().insert_many(attempts, ordered=False, session=session)
    await counters.apply(moves, session)
    return len(ours)


async def _unstored(attempts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    query = {"_id": {"$in": [attempt["_id"] for attempt in attempts]}}
    found = Attempt.get_pymongo_collection().find(query, projection={"_id": 1})
    stored = {row["_id"] async for row in found}
    return [attempt for attempt in attempts if attempt["_id"] not in stored]


async def _still_ours(changes: Sequence[Change], session: AsyncClientSession) -> list[Change]:
    ids = [change.claimed.id for change in changes]
    query = {"_id": {"$in": ids}, "status": {"$in": [Status.SENDING, Status.PENDING]}}
    rows = collection().find(query, projection={"lease.token": 1}, session=session)
    tokens = {row["_id"]: (row.get("lease") or {}).get("token") async for row in rows}
    return [change for change in changes if _is_ours(change, tokens)]


def _is_ours(change: Change, tokens: dict[uuid.UUID, uuid.UUID | None]) -> bool:
    if change.claimed.id not in tokens:
        return False
    token = tokens[change.claimed.id]
    # A row that was taken from us and that nobody holds since may still learn that it was sent.
    return token == change.claimed.token or (token is None and change.fate.status == Status.SENT)


def _update(change: Change) -> UpdateOne:
    fate = change.fate
    values: dict[str, Any] = {
        "status": fate.status,
        "maybe_sent": fate.maybe_sent,
        "why": change.why,
    }
    if fate.due_at is not None:
        values["due_at"] = fate.due_at
    if fate.status == Status.SENT:
        values["sent_at"] = change.at
    if fate.status != Status.PENDING:
        values["closed_at"] = change.at
    update: dict[str, Any] = {"$set": values, "$unset": {"lease": ""}}
    if change.attempt is not None:
        update["$inc"] = {"attempts": 1}
        values["address"] = change.attempt["address"]
    return UpdateOne({"_id": change.claimed.id}, update)
