"""Claimed rows, for tests, and what can become of them."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from core import clock
from core.parts import Parts
from rules.message import Fate, Status
from services import messages, reclaiming
from services.messages import Claimed
from services.results import Change
from tests.services.pumping import API

SENT = Fate(Status.SENT, maybe_sent=False)
FAILED = Fate(Status.FAILED, maybe_sent=False)

SOON = timedelta(minutes=1)


def attempt(claimed: Claimed, **said: Any) -> dict[str, Any]:
    """The record of one try."""
    usual = {"number": claimed.row["attempts"] + 1, "address": "79990000000", "verdict": "accepted"}
    return {
        "_id": ObjectId(),
        "message_id": claimed.id,
        "mailing_id": claimed.mailing_id,
        "channel": API,
        "started_at": clock.now(),
        "duration_ms": 1.0,
        "code": "200",
        "answer": "OK",
        "worker": "w1",
        **usual,
        **said,
    }


def change(claimed: Claimed, fate: Fate = SENT, **said: Any) -> Change:
    """What became of a row after one try."""
    return Change(claimed, fate, **{"attempt": attempt(claimed), **said})


def pending(due_at: datetime | None = None, maybe_sent: bool = False) -> Fate:
    """To be tried again, at once if nothing is said."""
    return Fate(Status.PENDING, maybe_sent, due_at or clock.now())


async def personal_row() -> None:
    """A message that belongs to no mailing."""
    row = {"_id": uuid.uuid4(), "mailing_id": None, "channel": API, "status": Status.PENDING}
    row["address"] = "79161234567"
    due = {"due_at": clock.now(), "attempts": 0, "maybe_sent": False}
    await messages.collection().insert_one(row | due)


async def reclaimed(parts: Parts) -> int:
    """Let every lease run out and take the rows back; how many."""
    await messages.collection().update_many(
        {"status": "sending"}, {"$set": {"lease.until": clock.now() - SOON}}
    )
    return await reclaiming.reclaim(parts)
