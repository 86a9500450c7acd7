"""Retention: rows that are old enough go, once the history has counted them for ever (T6).

By a sweep and not by TTL: MongoDB's own would take rows that nobody has counted yet, or that a
retry is just about to use, and would make counters and rows differ. All of it may be done twice.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.collection import AsyncCollection

from core import events, failpoints
from core.parts import Parts
from models.attempt import Attempt
from models.ending import Ending
from models.message import EPOCH
from services import mailings, messages, rollups

BATCH = 1_000
MAILINGS = 100
"""Mailings that are looked at in a turn."""
PAUSE_SECONDS = 0.01
"""Between batches, for those who have something to send."""

_ARCHIVED = failpoints.place("retention.archived")
_DELETED = failpoints.place("retention.deleted")


@dataclass(slots=True)
class _Turn:
    """One turn: what must be older than which moment, and when to leave off."""

    now: datetime
    horizon: datetime | None
    stop: asyncio.Event
    until: float
    gone: int = 0

    @property
    def over(self) -> bool:
        return self.stop.is_set() or time.monotonic() >= self.until


async def let_go(parts: Parts, now: datetime, stop: asyncio.Event, seconds: float) -> int:
    """Delete what is kept no longer, for about so long; how many rows were."""
    horizon = await message_horizon(parts, now)
    turn = _Turn(now, horizon, stop, time.monotonic() + seconds)
    if horizon is not None:
        await _archive(turn, horizon)
        await _of_archived(turn, horizon)
        await _personal(turn, horizon)
        await _endings(turn, horizon)
    if parts.settings.attempt_days:
        await _attempts(turn, now - timedelta(days=parts.settings.attempt_days))
    if turn.gone:
        events.emit("rows.deleted", count=turn.gone)
    return turn.gone


async def message_horizon(parts: Parts, now: datetime) -> datetime | None:
    """What ended before this is old enough, and counted; None where rows are kept for ever."""
    if not parts.settings.message_days:
        return None
    old = now - timedelta(days=parts.settings.message_days)
    due = await rollups.due(now)
    return min(old, rollups.begins(due[0])) if due else old


async def _archive(turn: _Turn, horizon: datetime) -> None:
    """Mark mailings whose messages go, so that from now on nobody can try them again."""
    old = {"settled": True, "retrying": None, "archived_at": None}
    settled = {"settled_at": {"$gt": EPOCH, "$lt": horizon}}
    found = mailings.collection().find(old | settled, {"_id": 1}).limit(MAILINGS)
    for row in await found.to_list():
        archived = {"$set": {"archived_at": turn.now, "rows_left": True}}
        await mailings.collection().update_one(row | old | settled, archived)
        failpoints.reach(_ARCHIVED)


async def _of_archived(turn: _Turn, horizon: datetime) -> None:
    found = mailings.collection().find({"rows_left": True}, {"_id": 1}).limit(MAILINGS)
    for row in await found.to_list():
        of_mailing = {"mailing_id": row["_id"]}
        # What was known late to be sent ended anew, and is kept as long as anything from then.
        ended = of_mailing | {"closed_at": {"$lt": horizon}}
        await _delete(turn, messages.collection(), ended, "_id", hint="of_mailing")
        if turn.over:
            return
        if await messages.collection().find_one(of_mailing, {"_id": 1}) is None:
            await mailings.collection().update_one(row, {"$unset": {"rows_left": ""}})


async def _personal(turn: _Turn, horizon: datetime) -> None:
    ended = {"mailing_id": None, "closed_at": {"$gt": EPOCH, "$lt": horizon}}
    await _delete(turn, messages.collection(), ended, "closed_at", hint="by_ending")


async def _endings(turn: _Turn, horizon: datetime) -> None:
    old = {"closed_at": {"$lt": horizon}}
    await _delete(turn, Ending.get_pymongo_collection(), old, "closed_at")


async def _attempts(turn: _Turn, horizon: datetime) -> None:
    """Their ids say when they were made."""
    old = {"_id": {"$lt": ObjectId.from_datetime(horizon)}}
    await _delete(turn, Attempt.get_pymongo_collection(), old, "_id")


async def _delete(
    turn: _Turn,
    rows: AsyncCollection[dict[str, Any]],
    query: Mapping[str, Any],
    order: str,
    hint: str | None = None,
) -> None:
    """Delete what still matches when its turn comes, in batches."""
    async with aclosing(_batches(rows, query, order, hint)) as batches:
        async for ids in batches:
            # Without the hint MongoDB may go through all that is old for each batch.
            result = await rows.delete_many({**query, "_id": {"$in": ids}}, hint="_id_")
            failpoints.reach(_DELETED)
            turn.gone += result.deleted_count
            if turn.over:
                return
            await asyncio.sleep(PAUSE_SECONDS)


async def _batches(
    rows: AsyncCollection[dict[str, Any]], query: Mapping[str, Any], order: str, hint: str | None
) -> AsyncGenerator[list[Any], None]:
    found = rows.find(query, {"_id": 1}, hint=hint).sort(order, 1).batch_size(BATCH)
    async with found:
        ids: list[Any] = []
        async for row in found:
            ids.append(row["_id"])
            if len(ids) == BATCH:
                yield ids
                ids = []
        if ids:
            yield ids
