"""Results: write what became of claimed rows.

Rows, attempts and counters change in one transaction, and only rows whose lease is still ours.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeAlias

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import BulkWriteError

from core import clock, events, failpoints, mongo
from core.parts import Parts
from models.attempt import Attempt
from rules.message import Fate, Status
from services import counters, endings, suppressions
from services.messages import Claimed, collection

_BEFORE = failpoints.place("results.before")
_WRITTEN = failpoints.place("results.written")
_COUNTED = failpoints.place("results.counted")
_COMMITTED = failpoints.place("results.committed")

LATEST = timedelta(minutes=10)
"""A message ends when that is written, or at most this long before: the history of a day that is
over must not change, though an answer may wait for hours until MongoDB is back."""
LATE_SUCCESS = (Status.PENDING, Status.UNCERTAIN)
"""A row that was taken from its worker may still learn, in these states, that it was sent."""


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a claimed row, and the attempt behind it, if there was one."""

    claimed: Claimed
    fate: Fate
    why: str = ""
    attempt: dict[str, Any] | None = None
    at: datetime = field(default_factory=clock.now)
    bounced: bool = False
    """The server that the address belongs to says that there is no such address."""


Alike: TypeAlias = tuple[Hashable, ...]


class _Lost(Exception):
    """Some lease is no longer ours."""


async def write(parts: Parts, changes: Sequence[Change]) -> int:
    """Write what became of claimed rows; how many were still ours.

    A row whose lease went to another worker is left to that worker, but its attempt is kept: it
    did happen.
    """
    attempts = [change.attempt for change in changes if change.attempt is not None]
    failpoints.reach(_BEFORE)
    try:
        return await _transact(parts, changes, attempts)
    except BulkWriteError:
        # The answer to an earlier commit of the same attempts was lost on the way to us.
        return await _transact(parts, changes, await _unstored(attempts))


async def _transact(parts: Parts, changes: Sequence[Change], attempts: list[dict[str, Any]]) -> int:
    earliest = parts.database_clock.now() - LATEST
    try:
        written = await mongo.in_transaction(
            parts.mongo, partial(_write, changes, attempts, earliest)
        )
    except _Lost:
        sorted_out = partial(_sort_out, changes, attempts, earliest)
        written = await mongo.in_transaction(parts.mongo, sorted_out)
    failpoints.reach(_COMMITTED)
    events.note("messages.moved", counts=Counter(map(_moved, written)))
    return len(written)


def _moved(change: Change) -> tuple[str, str]:
    return change.claimed.row["channel"], change.fate.status


async def _write(
    changes: Sequence[Change],
    attempts: list[dict[str, Any]],
    earliest: datetime,
    session: AsyncClientSession,
) -> Sequence[Change]:
    """All of them, by as few updates as there are different results; raises _Lost."""
    for alike in _grouped(changes):
        query = {
            "_id": {"$in": [change.claimed.id for change in alike]},
            "lease.token": alike[0].claimed.token,
        }
        result = await collection().update_many(query, _update(alike, earliest), session=session)
        if result.matched_count != len(alike):
            raise _Lost
    failpoints.reach(_WRITTEN)
    moved = [(Status.SENDING, change) for change in changes]
    await _keep_books(changes, moved, attempts, session)
    return changes


async def _sort_out(
    changes: Sequence[Change],
    attempts: list[dict[str, Any]],
    earliest: datetime,
    session: AsyncClientSession,
) -> Sequence[Change]:
    """Those that are still ours, one by one; of the others only that they were tried."""
    new = {attempt["_id"] for attempt in attempts}
    query = {"_id": {"$in": [change.claimed.id for change in changes]}}
    fields = [*endings.FIELDS, "lease.token"]
    rows = {row["_id"]: row async for row in collection().find(query, fields, session=session)}
    moved: list[tuple[Status, Change]] = []
    for change in changes:
        row = rows.get(change.claimed.id)
        if row is None:
            continue
        this = {"_id": row["_id"]}
        if not _is_ours(change, row):
            if change.attempt is not None and change.attempt["_id"] in new:
                tried = {"$inc": {"attempts": 1}}
                await collection().update_one(this, tried, session=session)
            continue
        moved.append((Status(row["status"]), change))
        update = _update([change], earliest)
        if row["status"] == Status.UNCERTAIN:
            await endings.keep([row], session)
            update["$set"]["attempts_before"] = row["attempts"]
        await collection().update_one(this, update, session=session)
        # The next change may be of the same row, claimed twice.
        (rows[row["_id"]],) = await collection().find(this, fields, session=session).to_list()
    await _keep_books(changes, moved, attempts, session)
    return [change for _, change in moved]


async def _keep_books(
    changes: Iterable[Change],
    moved: Iterable[tuple[Status, Change]],
    attempts: list[dict[str, Any]],
    session: AsyncClientSession,
) -> None:
    moves: counters.Moves = counters.Moves()
    for before, change in moved:
        counters.move(moves, change.claimed.mailing_id, before, change.fate.status)
    if attempts:
        await Attempt.get_pymongo_collection().insert_many(attempts, ordered=False, session=session)
    await counters.apply(moves, session)
    bounces = [one.attempt for one in changes if one.bounced and one.attempt is not None]
    await suppressions.bounced(bounces, session)
    failpoints.reach(_COUNTED)


async def _unstored(attempts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    query = {"_id": {"$in": [attempt["_id"] for attempt in attempts]}}
    found = Attempt.get_pymongo_collection().find(query, projection={"_id": 1})
    stored = {row["_id"] async for row in found}
    return [attempt for attempt in attempts if attempt["_id"] not in stored]


def _is_ours(change: Change, row: dict[str, Any]) -> bool:
    token = (row.get("lease") or {}).get("token")
    if token is not None:
        return bool(token == change.claimed.token)
    return change.fate.status == Status.SENT and row["status"] in LATE_SUCCESS


def _grouped(changes: Sequence[Change]) -> Iterable[list[Change]]:
    groups: dict[Alike, list[Change]] = {}
    for change in changes:
        groups.setdefault(_alike(change), []).append(change)
    return groups.values()


def _alike(change: Change) -> Alike:
    fate = change.fate
    token, counts = change.claimed.token, change.attempt is not None
    said = token, fate.status, fate.maybe_sent, change.why, fate.due_at, counts
    return *said, _moved_to(change), _put_off(change), _provider(change)


def _moved_to(change: Change) -> str | None:
    """The address of the attempt, where it isn't the one that the row has already."""
    if change.attempt is None:
        return None
    row, address = change.claimed.row, change.attempt["address"]
    return None if address == row.get("stored_address", row.get("address")) else str(address)


def _put_off(change: Change) -> datetime | None:
    """When the message was due at first, if this is the first try that puts it off."""
    row = change.claimed.row
    if change.attempt is None or change.fate.due_at is None or row.get("first_due_at") is not None:
        return None
    due_at: datetime | None = row.get("due_at")
    return due_at


def _provider(change: Change) -> str | None:
    """Who was asked, where that isn't who was asked before."""
    asked: str | None = (change.attempt or {}).get("provider")
    return None if asked == change.claimed.row.get("provider") else asked


def _update(alike: Sequence[Change], earliest: datetime) -> dict[str, Any]:
    """One update for all; its time is that of the last, the attempts have their own."""
    fate, at = alike[0].fate, max(change.at for change in alike)
    values: dict[str, Any] = {
        "status": fate.status,
        "maybe_sent": fate.maybe_sent,
        "why": alike[0].why,
    }
    if fate.due_at is not None:
        values["due_at"] = fate.due_at
    if fate.status == Status.SENT:
        values["sent_at"] = at
    if fate.status != Status.PENDING:
        values["closed_at"] = max(at, earliest)
    if (address := _moved_to(alike[0])) is not None:
        values["address"] = address
    if (due_at := _put_off(alike[0])) is not None:
        values["first_due_at"] = due_at
    if (provider := _provider(alike[0])) is not None:
        values["provider"] = provider
    update: dict[str, Any] = {"$set": values, "$unset": {"lease": ""}}
    if alike[0].attempt is not None:
        update["$inc"] = {"attempts": 1}
        values["reclaims"] = 0  # its worker has lived through the send
    return update
