"""Mailings: create, change, delete, list (M2)."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from core import clock, events, mongo, tracing
from core.errors import Checklist, InvalidInput, Problem
from core.parts import Parts
from models.mailing import Mailing, MailingStatus
from rules.message import Status
from services import changes as versions
from services import closing, idempotency, messages, new_mailing, paging
from services.changes import BELFRY, Change, Verb
from services.idempotency import Once
from services.new_mailing import NewMailing

LIVE = (MailingStatus.SCHEDULED, MailingStatus.RUNNING, MailingStatus.PAUSED)
BEFORE_LAUNCH = frozenset({"start_at", "audience", "channels"})
"""What can't change any more once messages were made from it."""
WORDS = frozenset({"text", "subject", "html", "template", "contents", "default_locale"})
UPDATED = {*WORDS, "name", "topic", "start_at", "end_at", "audience", "channels", "window"}
TRIES = 5
"""How often something that fits any version is tried against others' changes."""


async def create(
    parts: Parts, caller: str, new: NewMailing, idempotency_key: str | None = None
) -> Mailing:
    """Store a mailing, and start it at once if its time has come (M4)."""
    once = Once.of(caller, "createMailing", idempotency_key, repr(new))

    async def make() -> Mailing:
        return new_mailing.check(parts.settings, await new_mailing.filled(new), caller)

    return await store(parts, once, make)


async def store(parts: Parts, once: Once | None, make: Callable[[], Awaitable[Mailing]]) -> Mailing:
    """Store the mailing that `make` gives; a repeat of `once` gets it as it was stored."""

    async def work(session: AsyncClientSession | None) -> dict[str, Any]:
        mailing = await make()
        if session is None and new_mailing.depends(mailing):
            return await mongo.promptly(parts.mongo, work)
        if session is not None:
            await new_mailing.hold(mailing, session)
        mailing.trace = tracing.traceparent()
        mailing.id = ObjectId()  # type: ignore[assignment] # Beanie's own id is a subclass
        row: dict[str, Any] = mailing.model_dump(by_alias=True, exclude={"revision_id"})
        await collection().insert_one(row, session=session)
        return row

    stored: Mailing = Mailing.model_validate(await idempotency.run(parts.mongo, once, work))
    assert stored.id is not None
    events.emit("mailing.created", mailing_id=str(stored.id))
    if stored.start_at <= clock.now():
        wake_launch(parts, stored.id)
    return stored


async def update(
    parts: Parts, mailing_id: ObjectId, changes: dict[str, Any], by: str = BELFRY
) -> Mailing:
    """Change what `changes` names; raises InvalidInput on what its state forbids.

    Unsent messages follow: they take the text and the end as they are when they leave. Start,
    audience and channels can change only before the launch. What others change at the same moment
    (a worker that launches it, say) stays theirs; the change is made on top of it.
    """
    fitting = partial(_update, parts, changes, by)
    updated, changed = await _turned(parts, mailing_id, fitting)
    if not changed:
        return updated
    events.emit("mailing.updated", mailing_id=str(mailing_id), fields=sorted(changes))
    if updated.status is MailingStatus.SCHEDULED and updated.start_at <= clock.now():
        wake_launch(parts, mailing_id)
    return updated


async def delete(parts: Parts, mailing_id: ObjectId, by: str = BELFRY) -> Mailing:
    """Take a mailing off the list and cancel what is queued; its history stays.

    The status changes first, so that from then on nothing is claimed; messages that are just
    leaving end by themselves, and the sweep closes what they leave behind.
    """

    def gone(mailing: Mailing) -> dict[str, Any]:
        values: dict[str, Any] = {"deleted_at": clock.now(), "retrying": None}
        return values if mailing.settled else {**values, "status": MailingStatus.CANCELLED}

    deleted = await turn(parts, mailing_id, Verb.DELETE, by, gone)
    # A request has no time for millions of rows: the sweep goes on with the rest.
    query = {"mailing_id": mailing_id}
    await closing.close_batch(parts, query, Status.CANCELLED, "mailing deleted")
    return deleted


async def turn(
    parts: Parts,
    mailing_id: ObjectId,
    verb: Verb,
    by: str,
    values: Callable[[Mailing], dict[str, Any] | None],
) -> Mailing:
    """Set the values that fit the mailing as it is; None of them leaves it unchanged.

    Raises InvalidInput if it changes at the same moment again and again.
    """

    async def fitting(mailing: Mailing) -> Change | None:
        fits = values(mailing)
        return None if fits is None else Change(verb, by, fits)

    turned, changed = await _turned(parts, mailing_id, fitting)
    if changed:
        events.emit("mailing.changed", mailing_id=str(mailing_id), verb=verb, by=by)
    return turned


async def get(mailing_id: ObjectId) -> Mailing | None:
    """The mailing, or None if there is none or it was deleted."""
    return await Mailing.find_one({"_id": mailing_id, "deleted_at": None})


async def of_ids(mailing_ids: list[ObjectId]) -> dict[ObjectId, Mailing | None]:
    """Each mailing, deleted ones too; None for an id that was never one."""
    found = await Mailing.find({"_id": {"$in": mailing_ids}}).to_list()
    by_id = {one.id: one for one in found}
    return {mailing_id: by_id.get(mailing_id) for mailing_id in mailing_ids}  # type: ignore[call-overload]


async def page(
    statuses: tuple[str, ...], *, first: int, after: ObjectId | None
) -> paging.Page[Mailing]:
    """Mailings by age, newest first."""
    query = _query(statuses)
    return await paging.page(Mailing, query, first=first, after=after, newest_first=True)


async def count(statuses: tuple[str, ...]) -> int:
    """How many mailings match."""
    return await Mailing.find(_query(statuses)).count()


def collection() -> Any:  # noqa: ANN401 - PyMongo's generic collection of plain rows
    """The rows themselves, for updates with conditions."""
    return Mailing.get_pymongo_collection()


def wake_launch(parts: Parts, mailing_id: ObjectId | None) -> None:
    """Ask a worker to launch the mailing now."""
    name = str(mailing_id)
    parts.queue.wake("launch", name, lane=messages.BULK, job_id=f"launch:{name}")


def missing(field: str = "id") -> InvalidInput:
    """The error for an id that names no mailing."""
    message = "there is no such mailing; it may have been deleted"
    return InvalidInput.at(field, message, Problem.NOT_FOUND)


def started(mailing: Mailing) -> bool:
    """Whether its audience was fixed and its messages are being made, or were."""
    return mailing.launch.started_at is not None or mailing.status is MailingStatus.RUNNING


def must_live(mailing: Mailing, now: datetime, done: str) -> None:
    """Raise InvalidInput for a mailing that is over and so can't be `done` (paused, changed)."""
    if mailing.status not in LIVE:
        what = f"is {mailing.status.value}"
    elif mailing.end_at <= now:
        what = "is past its end"
    else:
        return
    message = f"the mailing {what} and can't be {done}; clone it to send it again"
    raise InvalidInput.at("id", message, Problem.NOT_ALLOWED_NOW)


def _query(statuses: tuple[str, ...]) -> dict[str, Any]:
    query: dict[str, Any] = {"deleted_at": None}
    if statuses:
        query["status"] = {"$in": list(statuses)}
    return query


async def _turned(
    parts: Parts, mailing_id: ObjectId, fitting: Callable[[Mailing], Awaitable[Change | None]]
) -> tuple[Mailing, bool]:
    """The mailing after the change that fits it, and whether there was one to make."""
    for _ in range(TRIES):
        mailing = await get(mailing_id)
        if mailing is None:
            raise missing()
        change = await fitting(mailing)
        if change is None:
            return mailing, False
        turned = await mongo.in_a_gap(parts.mongo, partial(_write, mailing, change))
        if turned is not None:
            return turned, True
    raise versions.conflict()


async def _update(
    parts: Parts, changes: dict[str, Any], by: str, mailing: Mailing
) -> Change | None:
    now = parts.database_clock.now()
    _check_state(mailing, changes, now)
    values = await _values(parts, mailing, changes, now)
    if mailing.model_dump(include=set(values)) == values:
        return None
    return Change(Verb.UPDATE, by, values)


async def _write(mailing: Mailing, change: Change, session: AsyncClientSession) -> Mailing | None:
    after = Mailing.model_validate({**mailing.model_dump(), **change.values})
    if (after.audience, after.template) != (mailing.audience, mailing.template):
        await new_mailing.hold(after, session)
    return await versions.write(mailing, change, session)


async def _values(
    parts: Parts, mailing: Mailing, changes: dict[str, Any], now: datetime
) -> dict[str, Any]:
    """All fields that an update can set, as they will be."""
    said = await new_mailing.filled(new_mailing.of(mailing, changes))
    checked = new_mailing.check(parts.settings, said, mailing.created_by)
    values: dict[str, Any] = checked.model_dump(
        include=UPDATED - (WORDS if checked.listed else set())
    )
    if started(mailing) and checked.window != mailing.window:
        values |= {"redue": True, "redue_at": now}
    return values


def _check_state(mailing: Mailing, changes: dict[str, Any], now: datetime) -> None:
    must_live(mailing, now, "changed")
    checks = Checklist()
    if started(mailing):
        names = {"start_at": "startAt", "audience": "audience", "channels": "channels"}
        for field in sorted(BEFORE_LAUNCH & changes.keys()):
            message = "can't change once the mailing has started; cancel it and create another"
            checks.add(names[field], message, Problem.NOT_ALLOWED_NOW)
    checks.close()
