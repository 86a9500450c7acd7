"""Mailings: create, change, delete, list (M2)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from core import clock, events
from core.errors import Checklist, Invalid, InvalidInput, Problem
from core.parts import Parts
from models.mailing import AudienceFilter, Mailing, MailingStatus
from rules import addresses, audience, schedule
from rules.audience import Audience
from rules.message import Route, Status
from services import closing, idempotency, messages, paging

LONGEST_NAME = 200
LONGEST_TEXT = 20_000
LIVE = (MailingStatus.SCHEDULED, MailingStatus.RUNNING)
BEFORE_LAUNCH = frozenset({"start_at", "audience", "channels"})
"""What can't change any more once messages were made from it."""


@dataclass(frozen=True, slots=True)
class NewMailing:
    """A mailing as it was asked for."""

    name: str
    text: str
    start_at: datetime
    end_at: datetime
    all_clients: bool = False
    operator_codes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    channels: tuple[str, ...] = (Route.SENDING_API,)
    subject: str = ""


async def create(
    parts: Parts, caller: str, new: NewMailing, idempotency_key: str | None = None
) -> Mailing:
    """Store a mailing, and start it at once if its time has come (M4)."""
    mailing = _check(new, caller)
    mailing.id = ObjectId()  # type: ignore[assignment] # Beanie's own id is a subclass
    row = mailing.model_dump(by_alias=True, exclude={"revision_id"})

    async def work(session: AsyncClientSession) -> dict[str, Any]:
        await collection().insert_one(row, session=session)
        return {"id": row["_id"]}

    if idempotency_key is None:
        await collection().insert_one(row)
        stored: Mailing | None = mailing
    else:
        once = idempotency.Once(caller, "createMailing", idempotency_key, repr(new))
        answer = await idempotency.run(parts.mongo, once, work)
        stored = await Mailing.get(answer["id"])
    assert stored is not None
    events.emit("mailing.created", mailing_id=str(stored.id))
    if stored.start_at <= clock.now():
        wake_launch(parts, stored.id)
    return stored


async def update(parts: Parts, mailing_id: ObjectId, changes: dict[str, Any]) -> Mailing:
    """Change what `changes` names; raises InvalidInput on what its state forbids.

    Unsent messages follow: they take the text and the end as they are when they leave. Start,
    audience and channels can change only before the launch.
    """
    mailing = await get(mailing_id)
    if mailing is None:
        raise missing()
    _check_state(mailing, changes)
    checked = _check(_merged(mailing, changes), mailing.created_by)
    fields = {"name", "text", "subject", "start_at", "end_at", "audience", "channels"}
    values = checked.model_dump(include=fields) | {"updated_at": clock.now()}
    states = [MailingStatus.SCHEDULED] if BEFORE_LAUNCH & changes.keys() else list(LIVE)
    query = {"_id": mailing_id, "version": mailing.version, "status": {"$in": states}}
    result = await collection().update_one(query, {"$set": values, "$inc": {"version": 1}})
    if result.matched_count == 0:
        message = "the mailing changed at the same moment; read it again and repeat the update"
        raise InvalidInput.at("id", message, Problem.CONFLICT)
    events.emit("mailing.updated", mailing_id=str(mailing_id), fields=sorted(changes))
    updated = await get(mailing_id)
    if updated is None:
        raise missing()
    if updated.start_at <= clock.now():
        wake_launch(parts, mailing_id)
    return updated


async def delete(parts: Parts, mailing_id: ObjectId) -> Mailing:
    """Take a mailing off the list and cancel what is queued; its history stays.

    The status changes first, so that from then on nothing is claimed; messages that are just
    leaving end by themselves, and the sweep closes what they leave behind.
    """
    now = clock.now()
    mailing = await get(mailing_id)
    if mailing is None:
        raise missing()
    values: dict[str, Any] = {"deleted_at": now, "updated_at": now}
    if not mailing.settled:
        values["status"] = MailingStatus.CANCELLED
    await collection().update_one({"_id": mailing_id}, {"$set": values, "$inc": {"version": 1}})
    # A request has no time for millions of rows: the sweep goes on with the rest.
    query = {"mailing_id": mailing_id}
    await closing.close_batch(parts, query, Status.CANCELLED, "mailing deleted")
    events.emit("mailing.deleted", mailing_id=str(mailing_id))
    changed: Mailing = mailing.model_copy(update=values)
    return changed


async def get(mailing_id: ObjectId) -> Mailing | None:
    """The mailing, or None if there is none or it was deleted."""
    return await Mailing.find_one({"_id": mailing_id, "deleted_at": None})


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


def _query(statuses: tuple[str, ...]) -> dict[str, Any]:
    query: dict[str, Any] = {"deleted_at": None}
    if statuses:
        query["status"] = {"$in": list(statuses)}
    return query


def _merged(mailing: Mailing, changes: dict[str, Any]) -> NewMailing:
    whom: Audience = changes.get("audience") or Audience(
        mailing.audience.all,
        tuple(mailing.audience.operator_codes),
        tuple(mailing.audience.tags),
    )
    said = {"name": mailing.name, "text": mailing.text, "subject": mailing.subject}
    times = {"start_at": mailing.start_at, "end_at": mailing.end_at}
    fields = {**said, **times, "channels": tuple(mailing.channels), **changes}
    fields.pop("audience", None)
    return NewMailing(
        **fields, all_clients=whom.all, operator_codes=whom.operator_codes, tags=whom.tags
    )


def _check_state(mailing: Mailing, changes: dict[str, Any]) -> None:
    if mailing.status not in LIVE or mailing.end_at <= clock.now():
        message = f"the mailing is {mailing.status.value} or past its end; create a new one"
        raise InvalidInput.at("id", message, Problem.NOT_ALLOWED_NOW)
    checks = Checklist()
    if mailing.status != MailingStatus.SCHEDULED:
        names = {"start_at": "startAt", "audience": "audience", "channels": "channels"}
        for field in sorted(BEFORE_LAUNCH & changes.keys()):
            message = "can't change once the mailing has started; delete it and create another"
            checks.add(names[field], message, Problem.NOT_ALLOWED_NOW)
    checks.close()


def _check(new: NewMailing, caller: str) -> Mailing:
    checks = Checklist()
    _check_words(checks, new)
    checks.take("endAt", lambda end: schedule.interval(new.start_at, end), new.end_at)
    if not new.channels or set(new.channels) - set(Route):
        checks.add("channels", f"name at least one of {', '.join(Route)}")
    codes = checks.take("audience.operatorCodes", _operator_codes, new.operator_codes)
    tags = checks.take("audience.tags", addresses.tags, new.tags)
    checks.take("audience", lambda said: audience.audience(*said), _said(new))
    checks.close()
    now = clock.now()
    return Mailing(
        name=new.name.strip(),
        text=new.text,
        subject=new.subject.strip(),
        start_at=clock.cut(new.start_at),
        end_at=clock.cut(new.end_at),
        audience=AudienceFilter(
            all=new.all_clients, operator_codes=list(codes or ()), tags=list(tags or ())
        ),
        channels=list(dict.fromkeys(new.channels)),
        created_by=caller,
        created_at=now,
        updated_at=now,
    )


def _check_words(checks: Checklist, new: NewMailing) -> None:
    for field, text, longest in (
        ("name", new.name, LONGEST_NAME),
        ("text", new.text, LONGEST_TEXT),
    ):
        if not text.strip():
            checks.add(field, "must not be empty", Problem.BLANK)
        if len(text) > longest:
            checks.add(field, f"is longer than {longest} characters", Problem.TOO_LONG)
    # The name is the subject of e-mails without one of their own.
    if any(c in new.name.strip() for c in "\r\n\0"):
        checks.add("name", "must be one line")
    if len(new.subject) > LONGEST_NAME or any(c in new.subject for c in "\r\n\0"):
        checks.add("subject", f"must be one line of at most {LONGEST_NAME} characters")


def _operator_codes(codes: tuple[str, ...]) -> tuple[str, ...]:
    if len(codes) > audience.VALUES_LIMIT:
        raise Invalid(f"give at most {audience.VALUES_LIMIT} codes", Problem.TOO_MANY)
    return tuple(dict.fromkeys(addresses.operator_code(code) for code in codes))


def _said(new: NewMailing) -> tuple[bool, tuple[str, ...], tuple[str, ...]]:
    return new.all_clients, new.operator_codes, new.tags
