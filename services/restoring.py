"""After a restore: what may have been sent since the backup must not be sent a second time.

The database has forgotten what happened after the backup, and the outside has not. Whoever restores
says when the old database was lost; what could have left until then is ended as uncertain, for
people to decide. Safe to run again.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bson import ObjectId

from core import events, failpoints
from core.errors import InvalidInput
from core.parts import Parts
from models.mailing import MailingStatus
from rules.message import OPEN, Status
from services import closing, control, mailings, messages

WHY = "restored from a backup: it may have been sent since"
BY = "belfry"

_MARKED = failpoints.place("restoring.marked")


@dataclass(frozen=True, slots=True)
class Restored:
    """What was held back."""

    messages: int
    """Ended as uncertain; `retryMessages` sends them after all."""
    mailings: list[ObjectId] = field(default_factory=list)
    """Paused: their launch, or a retry, was not over in the backup, and may have gone on."""


async def count(parts: Parts, until: datetime) -> Restored:
    """What `hold_back` would hold back."""
    open_ones = await messages.collection().count_documents(_open(until))
    return Restored(open_ones, await _unlaunched(until))


async def hold_back(parts: Parts, until: datetime) -> Restored:
    """End what may have been sent until that moment, and pause what may have been launched.

    No worker may run meanwhile.
    """
    paused = []
    for mailing_id in await _unlaunched(until):
        try:
            await control.pause(parts, mailing_id, BY)
        except InvalidInput:
            continue  # Its end has come: nothing of it will leave.
        paused.append(mailing_id)
    doubtful = {"$set": {"maybe_sent": True, "status": Status.PENDING}, "$unset": {"lease": ""}}
    await messages.collection().update_many(_open(until), doubtful)
    failpoints.reach(_MARKED)
    due = {"due_at": {"$lte": until}}
    ended = await closing.close(parts, due, Status.CANCELLED, WHY)
    events.emit("backup.restored", until=until.isoformat(), count=ended, mailings=len(paused))
    return Restored(ended, paused)


def _open(until: datetime) -> dict[str, Any]:
    """What was on its way in the backup, or was due before the old database was lost."""
    return {"status": {"$in": list(OPEN)}, "due_at": {"$lte": until}}


async def _unlaunched(until: datetime) -> list[ObjectId]:
    query = {
        "settled": False,
        "status": {"$in": [MailingStatus.SCHEDULED, MailingStatus.RUNNING]},
        "start_at": {"$lte": until},
        "$or": [{"launch.expanded": False}, {"retrying": {"$ne": None}}],
    }
    return [row["_id"] async for row in mailings.collection().find(query, {"_id": 1})]
