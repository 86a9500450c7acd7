"""Pause, resume, cancel and clone a mailing (X7); each may be repeated without harm."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bson import ObjectId

from core.errors import InvalidInput, Problem
from core.parts import Parts
from models.mailing import Mailing, MailingStatus
from rules.message import Status
from services import closing, mailings, messages, new_mailing
from services.changes import Verb
from services.idempotency import Once

COPY = " (copy)"


@dataclass(frozen=True, slots=True)
class Clone:
    """A mailing to make from another one; without a name it gets the other's, marked as a copy."""

    source: ObjectId
    start_at: datetime
    end_at: datetime
    name: str | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    """What else it says otherwise, by names of NewMailing."""


async def pause(parts: Parts, mailing_id: ObjectId, by: str) -> Mailing:
    """Stop a mailing for now; what workers have in their hands ends by itself."""

    def paused(mailing: Mailing) -> dict[str, Any] | None:
        mailings.must_live(mailing, parts.database_clock.now(), "paused")
        if mailing.status is MailingStatus.PAUSED:
            return None
        return {"status": MailingStatus.PAUSED}

    return await mailings.turn(parts, mailing_id, Verb.PAUSE, by, paused)


async def resume(parts: Parts, mailing_id: ObjectId, by: str) -> Mailing:
    """Let a paused mailing go on where it stopped."""

    def resumed(mailing: Mailing) -> dict[str, Any] | None:
        mailings.must_live(mailing, parts.database_clock.now(), "resumed")
        if mailing.status is not MailingStatus.PAUSED:
            return None
        go_on = mailings.started(mailing)
        return {"status": MailingStatus.RUNNING if go_on else MailingStatus.SCHEDULED}

    mailing = await mailings.turn(parts, mailing_id, Verb.RESUME, by, resumed)
    if not mailing.launch.expanded and mailing.start_at <= parts.database_clock.now():
        mailings.wake_launch(parts, mailing_id)
    messages.wake(parts, messages.BULK)
    return mailing


async def cancel(parts: Parts, mailing_id: ObjectId, by: str) -> Mailing:
    """End a mailing before its time; it stays on the list, and what was sent stays sent."""

    def cancelled(mailing: Mailing) -> dict[str, Any] | None:
        if mailing.status is MailingStatus.CANCELLED:
            return None
        mailings.must_live(mailing, parts.database_clock.now(), "cancelled")
        return {"status": MailingStatus.CANCELLED, "retrying": None}

    mailing = await mailings.turn(parts, mailing_id, Verb.CANCEL, by, cancelled)
    # A request has no time for millions of rows: the sweep goes on with the rest.
    query = {"mailing_id": mailing_id}
    await closing.close_batch(parts, query, Status.CANCELLED, "mailing cancelled")
    return mailing


async def clone(
    parts: Parts, caller: str, wanted: Clone, idempotency_key: str | None = None
) -> Mailing:
    """Store a mailing that says the same to the same audience at another time."""
    once = Once.of(caller, "cloneMailing", idempotency_key, repr(wanted))

    async def make() -> Mailing:
        source = await mailings.get(wanted.source)
        if source is None:
            raise mailings.missing()
        if source.listed:
            message = "its messages were made for a list of recipients; send to them again"
            raise InvalidInput.at("id", message, Problem.NOT_ALLOWED_NOW)
        name = wanted.name or source.name[: new_mailing.LONGEST_NAME - len(COPY)] + COPY
        times = {"start_at": wanted.start_at, "end_at": wanted.end_at}
        said = {**times, "name": name, **wanted.changes}
        return new_mailing.check(parts.settings, new_mailing.of(source, said), caller)

    return await mailings.store(parts, once, make)
