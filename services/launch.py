"""Launch: turn a mailing's audience into messages, one row per client and channel (M3, M4, M5).

Rows, counters and checkpoint of a batch commit together, so a launch that died is continued
where it stopped, and two launchers of one mailing don't disturb each other.
"""

import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from bson import Int64, ObjectId
from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import BulkWriteError

from core import clock, events, mongo
from core.parts import Parts
from models.client import Client
from models.mailing import MailingStatus
from rules import audience, message
from rules.message import Status
from services import counters, mailings, messages

BATCH = 1_000
TURN_SECONDS = 5.0
DUPLICATE_KEY = 11_000
ADDRESS_FIELD = {"sending_api": "phone", "email": "email"}


@dataclass(frozen=True, slots=True)
class _Batch:
    """Clients after one checkpoint, and the rows to make for them."""

    mailing: dict[str, Any]
    checkpoint: ObjectId | None
    rows: list[dict[str, Any]]
    last: bool


async def launch(parts: Parts, mailing_id: ObjectId) -> int:
    """Start the mailing if its time has come, and make its messages; how many it made.

    A turn has its limit, so that large launches leave room for pumps; the tick gives the next.
    """
    mailing = await _start(parts, mailing_id)
    made = 0
    until = time.monotonic() + TURN_SECONDS
    while mailing is not None and not mailing["launch"]["expanded"] and time.monotonic() < until:
        batch = await _next_batch(mailing, parts.database_clock.now())
        mailing = await _commit(parts, batch)
        if mailing is not None:
            made += len(batch.rows)
            messages.wake(parts, messages.BULK)
    if made:
        events.emit("mailing.launched", mailing_id=str(mailing_id), messages=made)
    return made


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
                "launch.upto": newest["_id"] if newest else None,
                "launch.expanded": newest is None,
                "updated_at": clock.now(),
            },
            "$inc": {"version": 1},
        },
        return_document=ReturnDocument.AFTER,
    )
    running = {"_id": mailing_id, "status": MailingStatus.RUNNING}
    return started or await mailings.collection().find_one(running)


async def _next_batch(mailing: dict[str, Any], now: datetime) -> _Batch:
    checkpoint, upto = mailing["launch"]["checkpoint"], mailing["launch"]["upto"]
    said = mailing["audience"]
    chosen = audience.audience(said["all"], said["operator_codes"], said["tags"])
    span = {"$lte": upto} if checkpoint is None else {"$gt": checkpoint, "$lte": upto}
    query = {**audience.query(chosen), "_id": span}
    found = Client.get_pymongo_collection().find(query, projection={"phone": 1, "email": 1})
    clients = await found.sort("_id", 1).limit(BATCH).to_list()
    rows = [
        _row(mailing["_id"], client, channel, now)
        for client in clients
        for channel in mailing["channels"]
        if client.get(ADDRESS_FIELD[channel])
    ]
    end = clients[-1]["_id"] if clients else checkpoint
    return _Batch(mailing, end, rows, last=len(clients) < BATCH)


def _row(
    mailing_id: ObjectId, client: dict[str, Any], channel: str, now: datetime
) -> dict[str, Any]:
    row_id = message.message_id(str(mailing_id), str(client["_id"]), channel)
    return {
        "_id": row_id,
        "number": Int64(message.number(row_id)),
        "mailing_id": mailing_id,
        "client_id": client["_id"],
        "channel": channel,
        "address": client[ADDRESS_FIELD[channel]],
        "status": Status.PENDING,
        "why": "",
        "due_at": now,
        "attempts": 0,
        "maybe_sent": False,
        "created_at": now,
    }


async def _commit(parts: Parts, batch: _Batch) -> dict[str, Any] | None:
    """Write a batch with its checkpoint; the mailing after it, None if another launcher won."""
    salts: Counter[UUID] = Counter()
    while True:
        try:
            return await mongo.in_transaction(parts.mongo, partial(_write, batch))
        except BulkWriteError as error:
            _renumber(batch, error, salts)


async def _write(batch: _Batch, session: AsyncClientSession) -> dict[str, Any] | None:
    mailing = batch.mailing
    advanced: dict[str, Any] | None = await mailings.collection().find_one_and_update(
        {
            "_id": mailing["_id"],
            "status": MailingStatus.RUNNING,
            "launch.expanded": False,
            "launch.checkpoint": mailing["launch"]["checkpoint"],
        },
        {"$set": {"launch.checkpoint": batch.checkpoint, "launch.expanded": batch.last}},
        return_document=ReturnDocument.AFTER,
        session=session,
    )
    if advanced is None:
        return None
    if batch.rows:
        await messages.collection().insert_many(batch.rows, session=session)
        moves: counters.Moves = counters.Moves()
        moves[mailing["_id"], counters.OPEN_KEY] = len(batch.rows)
        await counters.apply(moves, session)
    return advanced


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
