"""The audit log: every action of an operator is on record before it begins."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from bson import ObjectId
from pymongo.errors import ConnectionFailure, PyMongoError

from core import clock, events, failpoints
from core.errors import BelfryError, InvalidInput, Unavailable
from core.parts import Parts
from models.audit_entry import AuditEntry
from rules.audit import Outcome, summary, targets
from rules.roles import Principal
from services import paging
from services.idempotency import Row

COUNTED_TOGETHER = timedelta(minutes=1)
"""How long a refusal's repeats only count on its row: whoever repeats it must not fill the disk."""

BEGUN = failpoints.place("audit.begun")
ENDING = failpoints.place("audit.ending")


@dataclass(slots=True)
class Record:
    """An action under way; what is told to it here is completed in the log."""

    entry_id: ObjectId
    targets: list[str]
    codes: list[str] = field(default_factory=list)
    """Why it was refused, if it was."""
    result: object = None
    """What it did, where that is counted."""


Recording: TypeAlias = AbstractAsyncContextManager[Record]


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which actions: AND between the fields."""

    by: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@asynccontextmanager
async def on_record(
    parts: Parts, by: Principal | str, action: str, said: object
) -> AsyncIterator[Record]:
    """Do an action inside: nothing is done unless it could be put on record before.

    One that is cancelled, or dies with its process, stays UNFINISHED: nobody knows what it did.
    """
    record = await _begin(parts, by, action, said)
    failpoints.reach(BEGUN)
    try:
        yield record
    except InvalidInput as error:
        await _end(record, Outcome.REFUSED, list(dict.fromkeys(at.code for at in error.errors)))
        raise
    except BelfryError as error:
        outcome = Outcome.FAILED if isinstance(error, Unavailable) else Outcome.REFUSED
        await _end(record, outcome, [error.code])
        raise
    except Exception as error:
        away = isinstance(error, ConnectionFailure)
        await _end(record, Outcome.FAILED, [Unavailable.code if away else _code(error)])
        raise
    failpoints.reach(ENDING)
    await _end(record, Outcome.REFUSED if record.codes else Outcome.DONE, record.codes)


async def refused(parts: Parts, by: Principal, action: str, said: object, code: str) -> None:
    """Put on record that an operator tried what its role does not allow.

    Two repeats at the very same moment may make two rows.
    """
    row = _row(parts, by, action, said)
    end = {"outcome": Outcome.REFUSED.value, "codes": [code]}
    same = {name: row[name] for name in ("by", "role", "key_id", "action", "targets", "input")}
    since = ObjectId.from_datetime(row["at"] - COUNTED_TOGETHER)
    counted = {"$inc": {"times": 1}, "$max": {"finished_at": clock.now()}}
    new = {name: row[name] for name in ("_id", "at", "expires_at")}
    await AuditEntry.get_pymongo_collection().update_one(
        {"_id": {"$gte": since}, **same, **end}, {**counted, "$setOnInsert": new}, upsert=True
    )


async def page(
    wanted: AuditFilter, *, first: int, after: ObjectId | None
) -> paging.Page[AuditEntry]:
    """Actions, the newest first."""
    return await paging.page(
        AuditEntry, _query(wanted), first=first, after=after, newest_first=True
    )


async def count(wanted: AuditFilter) -> int:
    """How many actions match."""
    return await AuditEntry.find(_query(wanted)).count()


async def _begin(parts: Parts, by: Principal | str, action: str, said: object) -> Record:
    row = _row(parts, by, action, said)
    new = {**row, "outcome": Outcome.UNFINISHED.value, "codes": [], "finished_at": None, "times": 1}
    await AuditEntry.get_pymongo_collection().insert_one(new)
    return Record(row["_id"], row["targets"])


def _row(parts: Parts, by: Principal | str, action: str, said: object) -> Row:
    """What is known of an action before it begins."""
    now = clock.now()
    who: Row = {"by": by, "role": None, "key_id": None}
    if isinstance(by, Principal):
        who = {"by": by.subject, "role": by.role.value, "key_id": by.key_id}
    return {
        "_id": ObjectId(),
        "at": now,
        **who,
        "action": action,
        "targets": targets(said),
        "input": summary(said),
        "expires_at": now + timedelta(days=parts.settings.audit_days),
    }


async def _end(record: Record, outcome: Outcome, codes: list[str]) -> None:
    end = {"outcome": outcome.value, "codes": codes, "finished_at": clock.now()}
    done = {} if record.result is None else {"result": summary(record.result)}
    change = {"$set": {**end, **done, "targets": record.targets}}
    try:
        await AuditEntry.get_pymongo_collection().update_one({"_id": record.entry_id}, change)
    except PyMongoError as error:
        # The action is over; its caller must hear how, and the row says that this is not on record.
        events.emit("audit.end.failed", entry_id=str(record.entry_id), error=str(error))


def _code(error: Exception) -> str:
    """The code of an error that the edge has raised in the middle, else that of our own mistake."""
    code = getattr(error, "code", None)
    return code if isinstance(code, str) else BelfryError.code


def _query(wanted: AuditFilter) -> dict[str, Any]:
    query: dict[str, Any] = {}
    if wanted.by is not None:
        query["by"] = wanted.by
    if wanted.action is not None:
        query["action"] = wanted.action
    limits = {"$gte": wanted.since, "$lt": wanted.until}
    if times := {name: moment for name, moment in limits.items() if moment is not None}:
        query["at"] = times
    return query
