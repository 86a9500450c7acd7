"""Messages: claim due rows, hold them while they are sent, give back what was not begun.

Every change of a claimed row is fenced by its lease's token; see `services/results.py`.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import PyMongoError

from core import events, failpoints
from core.parts import Parts
from models.message import Message
from rules.message import Status

PERSONAL = "personal"
BULK = "bulk"
SUSPECT_AFTER = 2
"""A row whose workers went away this often may be what kills them: it goes last, and alone."""

_FOUND = failpoints.place("messages.found")
_CLAIMED = failpoints.place("messages.claimed")


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


def collection() -> AsyncCollection[dict[str, Any]]:
    """The rows themselves, for queries in bulk."""
    return Message.get_pymongo_collection()


def is_suspect(claimed: Claimed) -> bool:
    """Whether this may be what killed the workers that held it."""
    return bool(claimed.row.get("reclaims", 0) >= SUSPECT_AFTER)


def wake(parts: Parts, lane: str = PERSONAL) -> None:
    """Tell the workers of a lane that work is due."""
    parts.queue.wake("pump", lane, 0, lane=lane, job_id=f"pump:{lane}:0")


async def claim(
    parts: Parts,
    mailing_id: ObjectId | None,
    channel: str,
    limit: int,
    worker: str,
    *,
    suspects: bool = False,
) -> list[Claimed]:
    """Take up to `limit` due rows of a mailing (None: personal ones) for this worker.

    Two workers that find the same rows don't both get them: the update takes only rows that are
    still pending and due, and each reads back just those that carry its own token.
    """
    due = {"status": Status.PENDING, "due_at": {"$lte": parts.database_clock.now()}}
    trusted = {"$gte": SUSPECT_AFTER} if suspects else {"$not": {"$gte": SUSPECT_AFTER}}
    query = {"mailing_id": mailing_id, "channel": channel, **due, "reclaims": trusted}
    found = collection().find(query, projection={"_id": 1}).limit(limit)
    ids = [row["_id"] async for row in found]
    if not ids:
        return []
    failpoints.reach(_FOUND)
    token = uuid.uuid4()
    lease = {"token": token, "until": _until(parts), "worker": worker}
    try:
        await collection().update_many(
            {"_id": {"$in": ids}, **due},
            {"$set": {"status": Status.SENDING, "lease": lease}},
        )
        failpoints.reach(_CLAIMED)
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
