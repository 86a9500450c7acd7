"""Try messages again that had ended: all of a mailing in some states, or single ones (X7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from core import clock, events, failpoints, mongo
from core.errors import Checklist, InvalidInput, Problem
from core.parts import Parts
from models.mailing import Mailing, MailingStatus
from rules.message import RETRYABLE, Status
from services import changes, counters, emails, endings, mailings, messages
from services.changes import Change, Verb

BATCH = 1_000
WHY = "retried"
ALLOWED = ", ".join(sorted(RETRYABLE)).upper()

_PUT_BACK = failpoints.place("retries.put_back")


@dataclass(frozen=True, slots=True)
class Retried:
    """How many messages will be tried again; of one mailing, that mailing as it is now."""

    count: int
    mailing: Mailing | None = None


async def of_mailing(
    parts: Parts,
    mailing_id: ObjectId,
    statuses: Sequence[Status],
    by: str,
    end_at: datetime | None = None,
) -> Retried:
    """Try a mailing's messages in these states again, until its end or a new one.

    The first ones at once; the sweep goes on with the rest. Raises InvalidInput.
    """
    _check_statuses(statuses)
    if await mailings.get(mailing_id) is None:
        raise mailings.missing("mailingId")
    now = await mongo.now(parts.mongo)
    counts = await counters.read({"mailing_id": mailing_id})
    count = sum(counts.get(status, 0) for status in set(statuses))

    def reopened(mailing: Mailing) -> dict[str, Any] | None:
        values = _reopened(mailing, "mailingId", end_at, now)
        wanted = {*statuses, *(mailing.retrying.statuses if mailing.retrying else ())}
        retrying = {"statuses": sorted(wanted), "before": now, "after": None}
        return {**values, "retrying": retrying} if count else None

    mailing = await mailings.turn(parts, mailing_id, Verb.RETRY, by, reopened)
    if count:
        await go_on(parts, {"_id": mailing_id})
    return Retried(count, mailing)


async def go_on(parts: Parts, mailing: dict[str, Any]) -> bool:
    """Put the next messages of a mailing's retry back in line; whether more are left."""
    more = await mongo.in_transaction(parts.mongo, partial(_put_back, parts, mailing["_id"]))
    failpoints.reach(_PUT_BACK)
    messages.wake(parts, messages.BULK)
    return more


async def of_messages(
    parts: Parts, message_ids: Sequence[UUID], by: str, end_at: datetime | None = None
) -> Retried:
    """Try up to 1,000 single messages again, all or none; raises InvalidInput with every mistake.

    E-mails of notifications get their usual time anew.
    """
    check_count(len(message_ids))
    now = await mongo.now(parts.mongo)
    work = partial(_retry_rows, list(message_ids), (by, end_at, now))
    retried = await mongo.promptly(parts.mongo, work)
    messages.wake(parts, messages.BULK)
    messages.wake(parts, messages.PERSONAL)
    events.emit("messages.retried", count=retried.count, message_ids=[*message_ids], by=by)
    return retried


def check_count(count: int) -> None:
    """Raise InvalidInput unless so many single messages can be tried again at once."""
    if 0 < count <= BATCH:
        return
    problem = Problem.TOO_MANY if count else Problem.BLANK
    raise InvalidInput.at("messageIds", f"name 1 to {BATCH} messages, not {count}", problem)


async def _put_back(parts: Parts, mailing_id: ObjectId, session: AsyncClientSession) -> bool:
    wanted = {"_id": mailing_id, "retrying": {"$ne": None}}
    mailing = await mailings.collection().find_one(wanted, session=session)
    if mailing is None:
        return False
    now, retrying = parts.database_clock.now(), mailing["retrying"]
    rows: list[dict[str, Any]] = []
    # Past the end they would only expire: then what they were is the better story.
    over = mailing["status"] not in mailings.LIVE or mailing["end_at"] <= now
    if not over:
        rows = await _next_rows(mailing_id, retrying, session)
        await reopen_rows(rows, {"due_at": now}, session)
    left = None if over else _left(retrying, rows)
    # Written in any case, so that a cancellation or an end at the same moment waits its turn.
    step = {"$set": {"retrying": left}}
    await mailings.collection().update_one({"_id": mailing_id}, step, session=session)
    return left is not None


async def _next_rows(
    mailing_id: ObjectId, retrying: dict[str, Any], session: AsyncClientSession
) -> list[dict[str, Any]]:
    query: dict[str, Any] = {"mailing_id": mailing_id, "status": retrying["statuses"][0]}
    query["closed_at"] = {"$lte": retrying["before"]}
    if retrying.get("after") is not None:
        query["_id"] = {"$gt": retrying["after"]}
    found = messages.collection().find(query, endings.FIELDS, session=session)
    return await found.hint("ended_unsent").sort("_id", 1).limit(BATCH).to_list()


def _left(retrying: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """What remains to be done after these rows."""
    if len(rows) == BATCH:
        return {**retrying, "after": rows[-1]["_id"]}
    statuses = retrying["statuses"][1:]
    return {**retrying, "statuses": statuses, "after": None} if statuses else None


async def reopen_rows(
    rows: list[dict[str, Any]], values: dict[str, Any], session: AsyncClientSession
) -> None:
    """Make ended rows pending; whether they may have been sent stays as it is.

    How they had ended is kept for the history.
    """
    if not rows:
        return
    moves: counters.Moves = counters.Moves()
    for row in rows:
        counters.move(moves, row["mailing_id"], row["status"], Status.PENDING)
    await endings.keep(rows, session)
    pending = {"status": Status.PENDING, "why": WHY, "reclaims": 0, **values}
    await messages.collection().update_many(
        {"_id": {"$in": [row["_id"] for row in rows]}},
        [
            {"$set": {**pending, "attempts_before": "$attempts"}},
            {"$unset": ["lease", "closed_at", "first_due_at"]},
        ],
        session=session,
    )
    await counters.apply(moves, session)


async def _retry_rows(
    ids: list[UUID], said: tuple[str, datetime | None, datetime], session: AsyncClientSession
) -> Retried:
    now = said[2]
    found = messages.collection().find({"_id": {"$in": ids}}, session=session)
    rows = {row["_id"]: row async for row in found}
    check_rows(ids, rows)
    mailing_ids = {row["mailing_id"] for row in rows.values()} - {None}
    reopened = [await _reopen_mailing(mailing_id, said, session) for mailing_id in mailing_ids]
    bulk = [row for row in rows.values() if row["mailing_id"] is not None]
    personal = [row for row in rows.values() if row["mailing_id"] is None]
    await reopen_rows(bulk, {"due_at": now}, session)
    await reopen_rows(personal, new_life(now), session)
    return Retried(len(rows), reopened[0] if len(reopened) == 1 else None)


def new_life(now: datetime) -> dict[str, datetime]:
    """From when and until when a personal message is tried again."""
    return {"due_at": now, "end_at": now + emails.PERSONAL_LIFE}


async def _reopen_mailing(
    mailing_id: ObjectId,
    said: tuple[str, datetime | None, datetime],
    session: AsyncClientSession,
) -> Mailing:
    by, end_at, now = said
    mailing = await Mailing.find_one({"_id": mailing_id, "deleted_at": None}, session=session)
    if mailing is None:
        raise mailings.missing("messageIds")
    change = Change(Verb.RETRY, by, _reopened(mailing, "messageIds", end_at, now))
    written = await changes.write(mailing, change, session)
    if written is None:
        raise changes.conflict()
    return written


def _reopened(
    mailing: Mailing, field: str, end_at: datetime | None, now: datetime
) -> dict[str, Any]:
    """What makes room for sends of a mailing, even of a finished one; raises InvalidInput."""
    if mailing.archived_at is not None:
        message = (
            f"its messages are kept no longer, since {mailing.archived_at:%Y-%m-%d}; "
            "clone the mailing to send it anew"
        )
        raise InvalidInput.at(field, message, Problem.NOT_ALLOWED_NOW)
    if mailing.status is MailingStatus.CANCELLED:
        message = "the mailing is cancelled, so its messages stay as they are; clone it instead"
        raise InvalidInput.at(field, message, Problem.NOT_ALLOWED_NOW)
    if end_at is None and mailing.end_at <= now:
        message = "the mailing's end is past; give a new one, so that there is time to try again"
        raise InvalidInput.at("endAt", message, Problem.NOT_ALLOWED_NOW)
    if mailing.end_at <= now and not mailing.settled:
        # The sweep would close again what is opened here.
        message = "the mailing is ending just now; try again in a moment"
        raise InvalidInput.at(field, message, Problem.CONFLICT)
    if end_at is not None and end_at <= max(now, mailing.start_at):
        raise InvalidInput.at("endAt", "give an end in the future, after the start")
    values: dict[str, Any] = {"settled": False}
    if end_at is not None:
        values["end_at"] = clock.cut(end_at)
    if mailing.status is MailingStatus.FINISHED:
        values["status"] = MailingStatus.RUNNING
    return values


def _check_statuses(statuses: Sequence[Status]) -> None:
    if not statuses:
        message = f"name some of {ALLOWED}, or leave it out for FAILED"
        raise InvalidInput.at("statuses", message, Problem.BLANK)
    if set(statuses) - RETRYABLE:
        raise InvalidInput.at("statuses", f"only what is {ALLOWED} can be tried again")


def check_rows(ids: list[UUID], rows: dict[UUID, dict[str, Any]]) -> None:
    """Raise InvalidInput for every id without a row, or with one that can't be tried again."""
    checks = Checklist()
    for place, message_id in enumerate(ids):
        field = f"messageIds.{place}"
        if message_id not in rows:
            message = "there is no such message, or it is kept no longer (MESSAGE_DAYS)"
            checks.add(field, message, Problem.NOT_FOUND)
        elif (status := rows[message_id]["status"]) not in RETRYABLE:
            message = f"is {status.upper()}; only what is {ALLOWED} can be tried again"
            checks.add(field, message, Problem.NOT_ALLOWED_NOW)
    checks.close()
