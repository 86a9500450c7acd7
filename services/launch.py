"""Launch: turn a mailing's audience into messages, one row per client and channel (M3, M4, M5).

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
from models.client import Client
from models.mailing import MailingStatus
from rules import audience, message
from rules.message import Status
from services import counters, mailings, messages, windows
from services.recipients import ADDRESS_FIELD

BATCH = 1_000
FIELDS = {**dict.fromkeys(ADDRESS_FIELD.values(), 1), "time_zone": 1}
TURN_SECONDS = 5.0
BATCHES_BETWEEN_GAPS = 4
DUPLICATE_KEY = 11_000

_STARTED = failpoints.place("launch.started")
_INSERTED = failpoints.place("launch.inserted")
_COMMITTED = failpoints.place("launch.committed")


@dataclass(frozen=True, slots=True)
class _Batch:
    """Clients after one checkpoint, and the rows to make for them."""

    mailing: dict[str, Any]
    checkpoint: ObjectId | None
    end: ObjectId | None
    """The checkpoint after it."""
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
    checkpoint, now = mailing["launch"]["checkpoint"], parts.database_clock.now()
    batch = await _next_batch(mailing, checkpoint, now)
    while not batch.last and time.monotonic() < until:
        now = parts.database_clock.now()
        following = asyncio.create_task(_next_batch(mailing, batch.end, now))
        try:
            yield batch
            batch = await following
        finally:
            await tasks.end([following])
    yield batch


async def _start(parts: Parts, mailing_id: ObjectId) -> dict[str, Any] | None:
    """The running mailing: just started, or left unfinished by another launcher."""
    clients = Client.get_pymongo_collection()
    newest = await clients.find_one({}, projection={"_id": 1}, sort=[("_id", -1)])
    started: dict[str, Any] | None = await mailings.collection().find_one_and_update(
        {
            "_id": mailing_id,
            "status": MailingStatus.SCHEDULED,
            "start_at": {"$lte": parts.database_clock.now()},
        },
        {
            "$set": {
                "status": MailingStatus.RUNNING,
                "launch.started_at": parts.database_clock.now(),
                "launch.upto": newest["_id"] if newest else None,
                "launch.expanded": newest is None,
                "updated_at": clock.now(),
            },
            "$inc": {"version": 1},
        },
        return_document=ReturnDocument.AFTER,
    )
    failpoints.reach(_STARTED)
    running = {"_id": mailing_id, "status": MailingStatus.RUNNING}
    return started or await mailings.collection().find_one(running)


async def _next_batch(
    mailing: dict[str, Any], checkpoint: ObjectId | None, now: datetime
) -> _Batch:
    said, upto = mailing["audience"], mailing["launch"]["upto"]
    chosen = audience.audience(said["all"], said["operator_codes"], said["tags"])
    span = {"$lte": upto} if checkpoint is None else {"$gt": checkpoint, "$lte": upto}
    query = {**audience.query(chosen), "_id": span}
    found = Client.get_pymongo_collection().find(query, projection=FIELDS)
    clients = await found.sort("_id", 1).limit(BATCH).to_list()
    rows = [
        _row(mailing, client, channel, now)
        for client in clients
        for channel in mailing["channels"]
        if client.get(ADDRESS_FIELD[channel])
    ]
    end = clients[-1]["_id"] if clients else checkpoint
    return _Batch(mailing, checkpoint, end, rows, last=len(clients) < BATCH)


def _row(
    mailing: dict[str, Any], client: dict[str, Any], channel: str, now: datetime
) -> dict[str, Any]:
    mailing_id = mailing["_id"]
    due_at = windows.due_at(mailing.get("window"), client["time_zone"], now)
    row_id = message.message_id(str(mailing_id), str(client["_id"]), channel)
    return {
        "_id": row_id,
        "number": Int64(message.number(row_id)),
        "mailing_id": mailing_id,
        "client_id": client["_id"],
        "channel": channel,
        "address": client[ADDRESS_FIELD[channel]],
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
        "launch.checkpoint": batch.checkpoint,
    }
    advanced = {"launch.checkpoint": batch.end, "launch.expanded": batch.last}
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
