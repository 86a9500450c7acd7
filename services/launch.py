"""Launch: turn a mailing's audience into messages, one row per client and channel (M3, M4, M5).

After the clients come the users, by e-mail, where the audience means any.
Rows, counters and checkpoint of a batch commit together, so a launch that died is continued
where it stopped, and two launchers of one mailing don't disturb each other.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from bson import Int64, ObjectId
from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import BulkWriteError

from core import clock, events, failpoints, mongo, tasks
from core.parts import Parts
from models.mailing import MailingStatus
from rules import message
from rules.message import Status
from services import counters, mailings, messages, stretches, windows
from services.stretches import Member, Place, Stretches

BATCH = 1_000
TURN_SECONDS = 5.0
BATCHES_BETWEEN_GAPS = 4
DUPLICATE_KEY = 11_000

_STARTED = failpoints.place("launch.started")
_INSERTED = failpoints.place("launch.inserted")
_COMMITTED = failpoints.place("launch.committed")


@dataclass(frozen=True, slots=True)
class _Batch:
    """Clients or users after one place, and the rows to make for them."""

    mailing: dict[str, Any]
    place: Place
    end: Place
    """The place after it."""
    rows: list[dict[str, Any]]
    last: bool


async def launch(parts: Parts, mailing_id: ObjectId) -> int:
    """Start the mailing if its time has come, and make its messages; how many it made.

    A turn has its limit, so that large launches leave room for pumps; the tick gives the next.
    """
    mailing = await _start(parts, mailing_id)
    if mailing is None or mailing["launch"]["expanded"]:
        return 0
    made = written = 0
    async with aclosing(_batches(parts, mailing, time.monotonic() + TURN_SECONDS)) as batches:
        async for batch in batches:
            if not await _commit(parts, batch):
                break
            failpoints.reach(_COMMITTED)
            made += len(batch.rows)
            messages.wake(parts, messages.BULK)
            written += 1
            if written % BATCHES_BETWEEN_GAPS == 0:  # for whoever wants to pause or change it
                await asyncio.sleep(mongo.GAP_SECONDS)
    if made:
        events.emit("mailing.launched", mailing_id=str(mailing_id), messages=made)
    return made


async def _batches(
    parts: Parts, mailing: dict[str, Any], until: float
) -> AsyncGenerator[_Batch, None]:
    """One batch after the other; while one is written, the next is made."""
    ahead = Stretches(mailing)
    batch = await _next_batch(ahead, ahead.begin, parts.database_clock.now())
    while not batch.last and time.monotonic() < until:
        now = parts.database_clock.now()
        following = asyncio.create_task(_next_batch(ahead, batch.end, now))
        try:
            yield batch
            batch = await following
        finally:
            await tasks.end([following])
    yield batch


async def _start(parts: Parts, mailing_id: ObjectId) -> dict[str, Any] | None:
    """The running mailing: just started, or left unfinished by another launcher."""
    now = parts.database_clock.now()
    due = {"_id": mailing_id, "status": MailingStatus.SCHEDULED, "start_at": {"$lte": now}}
    waiting = await mailings.collection().find_one(due)
    started: dict[str, Any] | None = None
    if waiting is not None:
        begun = await stretches.at_start(waiting)
        values = {f"launch.{name}": it for name, it in begun.items()}
        values |= {"launch.started_at": now, "status": MailingStatus.RUNNING}
        # Not if its audience has changed since it was looked at: the tick tries again.
        started = await mailings.collection().find_one_and_update(
            {**due, "version": waiting["version"]},
            {"$set": {**values, "updated_at": clock.now()}, "$inc": {"version": 1}},
            return_document=ReturnDocument.AFTER,
        )
    failpoints.reach(_STARTED)
    running = {"_id": mailing_id, "status": MailingStatus.RUNNING}
    return started or await mailings.collection().find_one(running)


async def _next_batch(ahead: Stretches, place: Place, now: datetime) -> _Batch:
    mailing = ahead.mailing
    members, end = await ahead.next(place, BATCH)
    rows = [
        _row(mailing, member, channel, now)
        for member in members
        for channel in mailing["channels"]
        if member.addresses.get(channel)
    ]
    return _Batch(mailing, place, end or place, rows, last=end is None)


def _row(mailing: dict[str, Any], member: Member, channel: str, now: datetime) -> dict[str, Any]:
    mailing_id = mailing["_id"]
    due_at = windows.due_at(mailing.get("window"), member.zone, now)
    row_id = message.message_id(str(mailing_id), member.name, channel)
    return {
        "_id": row_id,
        "number": Int64(message.number(row_id)),
        "mailing_id": mailing_id,
        **member.link,
        "channel": channel,
        "address": member.addresses[channel],
        "status": Status.PENDING,
        "why": windows.WAITING if due_at > now else "",
        "due_at": due_at,
        "attempts": 0,
        "maybe_sent": False,
        "created_at": now,
    }


async def _commit(parts: Parts, batch: _Batch) -> bool:
    """Write a batch with its checkpoint; False if the mailing is not as it was for the batch."""
    salts: Counter[UUID] = Counter()
    while True:
        try:
            return await mongo.in_transaction(parts.mongo, partial(_write, batch))
        except BulkWriteError as error:
            _renumber(batch, error, salts)


async def _write(batch: _Batch, session: AsyncClientSession) -> bool:
    mailing = batch.mailing
    # Another launcher has moved the checkpoint, or it was paused, or its window has changed.
    unchanged = {
        "_id": mailing["_id"],
        "status": MailingStatus.RUNNING,
        "window": mailing.get("window"),
        "launch.expanded": False,
        # A mailing that was stored before there were users in audiences says nothing of them.
        "launch.at_users": True if batch.place.at_users else {"$ne": True},
        "launch.checkpoint": batch.place.checkpoint,
    }
    advanced = {
        "launch.at_users": batch.end.at_users,
        "launch.checkpoint": batch.end.checkpoint,
        "launch.expanded": batch.last,
    }
    result = await mailings.collection().update_one(unchanged, {"$set": advanced}, session=session)
    if result.matched_count == 0:
        return False
    if batch.rows:
        await messages.collection().insert_many(batch.rows, session=session)
        moves: counters.Moves = counters.Moves()
        moves[mailing["_id"], counters.OPEN_KEY] = len(batch.rows)
        await counters.apply(moves, session)
    failpoints.reach(_INSERTED)
    return True


def _renumber(batch: _Batch, error: BulkWriteError, salts: Counter[UUID]) -> None:
    """Give rows whose hashed number was taken the next one; anything else is a real error."""
    failed = (error.details or {}).get("writeErrors", [])
    for at in failed:
        if at.get("code") != DUPLICATE_KEY or "number" not in at.get("keyPattern", {}):
            raise error
        row = batch.rows[at["index"]]
        salts[row["_id"]] += 1
        row["number"] = Int64(message.number(row["_id"], salts[row["_id"]]))
    if not failed:
        raise error
