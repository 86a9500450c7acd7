"""Texts to contacts by name: a personal message for each contact and messenger it has (C3)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from channels.profile import profile
from core import clock, events, mongo
from core.errors import Checklist, Invalid, Problem
from core.parts import Parts
from models.contact import Contact
from models.message import Message
from rules import contact as rules
from rules import schedule
from rules.addresses import HANDLES
from rules.message import Route
from services import contacts, idempotency, messages, new_mailing, personal
from services.idempotency import Once, Row
from services.personal import Personal

MOST_NAMES = 1_000
LONGEST_WAIT = timedelta(days=366)
LIFE = timedelta(days=3)
"""How long a message is tried where nobody says it."""
LONGEST_LIFE = timedelta(days=30)
WAITS = "not before its time"


@dataclass(frozen=True, slots=True)
class ContactSend:
    """A text to several contacts, as it was asked for."""

    names: tuple[str, ...]
    text: str
    not_before: datetime | None = None
    end_at: datetime | None = None
    channels: tuple[str, ...] = ()
    """Only by these; without any, by every messenger that a contact has."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A contact, and the messages that were made for it."""

    contact: Contact
    messages: list[Message]


async def send(
    parts: Parts, owner: str, wanted: ContactSend, key: str | None = None
) -> list[Queued]:
    """Queue the messages, all or none; raises InvalidInput with every mistake.

    A repeat of a key queues nothing, and gets the same messages as they are by now.
    """
    once = Once.of(owner, "sendToContacts", key, repr(wanted))
    work = partial(_queue, parts, owner, wanted)
    if once is None:
        answer = await mongo.promptly(parts.mongo, work)
    else:
        answer = await idempotency.run(parts.mongo, once, work)
    messages.wake(parts, messages.PERSONAL)
    queued = await _queued(answer)
    ids = [message.id for one in queued for message in one.messages]
    said = {"send_id": answer["send_id"], "contacts": len(queued)}
    events.emit("contacts.sent", **said, messages=len(ids), message_ids=ids)
    return queued


async def _queue(
    parts: Parts, owner: str, wanted: ContactSend, session: AsyncClientSession | None
) -> Row:
    assert session is not None  # the rows and the answer under the key commit together
    checks, now = Checklist(), parts.database_clock.now()
    due_at, end_at = _times(checks, wanted, now)
    found = await _found(checks, owner, wanted.names, session)
    ways = {contact.key: _ways(contact, wanted.channels) for contact in found}
    _check_ways(checks, wanted, ways)
    used = sorted({way for handles in ways.values() for way in handles})
    _check_set_up(checks, parts, used)
    if not wanted.text.strip():
        checks.add("text", "must not be empty", Problem.BLANK)
    new_mailing.check_fits(checks, parts.settings, wanted.text, used or HANDLES)
    checks.close()
    send_id = ObjectId()
    batch = [
        Personal(
            source=f"contacts:{send_id}",
            recipient=str(contact.id),
            route=Route(way),
            address=handle,
            content={"subject": "", "text": wanted.text},
            due_at=due_at,
            end_at=end_at,
            why=WAITS if due_at > now else "",
            links={"by": owner, "contact_id": contact.id, "contact_name": contact.name},
        )
        for contact in found
        for way, handle in ways[contact.key].items()
    ]
    personal.check_size(batch, "names")
    await personal.add_many(session, batch, now)
    return {"send_id": str(send_id), "contacts": _answer(found, batch)}


def _answer(found: Iterable[Contact], batch: Iterable[Personal]) -> list[Row]:
    """The contacts as they were, each with the ids of its messages."""
    made: dict[str, list[Any]] = {}
    for message in batch:
        made.setdefault(message.recipient, []).append(message.id)
    fields = {"by_alias": True, "exclude": {"revision_id"}}
    return [
        {"contact": contact.model_dump(**fields), "messages": made[str(contact.id)]}
        for contact in found
    ]


async def _queued(answer: Row) -> list[Queued]:
    ids = [message_id for one in answer["contacts"] for message_id in one["messages"]]
    # Without the text, which all of them share and nobody asks them for.
    rows = messages.collection().find({"_id": {"$in": ids}}, projection={"content": 0})
    found = {row["_id"]: Message.model_validate(row) async for row in rows}
    return [
        Queued(
            Contact.model_validate(one["contact"]),
            [found[message_id] for message_id in one["messages"] if message_id in found],
        )
        for one in answer["contacts"]
    ]


async def _found(
    checks: Checklist, owner: str, names: tuple[str, ...], session: AsyncClientSession
) -> list[Contact]:
    """The contacts in the order of their names, each once; notes every name that is unknown."""
    if not 0 < len(names) <= MOST_NAMES:
        problem = Problem.TOO_MANY if names else Problem.BLANK
        checks.add("names", f"give 1 to {MOST_NAMES:,} names, not {len(names):,}", problem)
        return []
    places = {rules.key(name): place for place, name in reversed([*enumerate(names)])}
    known = await contacts.named(owner, places, session)
    for key, place in sorted(places.items(), key=lambda at: at[1]):
        if key not in known:
            message = f"you have no contact {names[place][: rules.NAME_LIMIT]!r}"
            checks.add(f"names.{place}", message, Problem.NOT_FOUND)
    return [known[key] for key in sorted(places, key=places.__getitem__) if key in known]


def _ways(contact: Contact, channels: tuple[str, ...]) -> dict[str, str]:
    handles = contacts.handles(contact)
    return {way: at for way, at in handles.items() if not channels or way in channels}


def _check_ways(
    checks: Checklist, wanted: ContactSend, ways: Mapping[str, Mapping[str, str]]
) -> None:
    others = [way for way in wanted.channels if way not in HANDLES]
    if others:
        message = f"name some of {', '.join(HANDLES).upper()}; contacts have no others"
        checks.add("channels", message)
    without = {key for key, handles in ways.items() if not handles}
    for place, name in enumerate(wanted.names):
        if rules.key(name) in without and not others:
            checks.add(f"names.{place}", "has no handle of any of these channels")


def _check_set_up(checks: Checklist, parts: Parts, used: Iterable[str]) -> None:
    for way in used:
        if lacking := profile(parts.settings, way).lacking:
            message = (
                f"{way.upper()} is not set up here: set {' and '.join(lacking)}, or name others"
            )
            checks.add("channels", message, Problem.NOT_ALLOWED_NOW)


def _times(checks: Checklist, wanted: ContactSend, now: datetime) -> tuple[datetime, datetime]:
    """When the messages are due, a time long past being now, and how long they are tried."""
    said = (
        None
        if wanted.not_before is None
        else checks.take("notBefore", _due, (wanted.not_before, now))
    )
    due_at = now if said is None else said
    if wanted.end_at is None:
        return due_at, due_at + LIFE
    end_at = checks.take("endAt", _end, (due_at, wanted.end_at))
    return due_at, end_at or due_at


def _due(said: tuple[datetime, datetime]) -> datetime:
    wanted, now = said
    schedule.remaining(now, wanted)  # refuses a time without its zone
    if wanted - now > LONGEST_WAIT:
        raise Invalid(f"give a time within the next {LONGEST_WAIT.days} days")
    return max(clock.cut(wanted), now)


def _end(said: tuple[datetime, datetime]) -> datetime:
    due_at, wanted = said
    schedule.interval(due_at, wanted)
    if wanted - due_at > LONGEST_LIFE:
        raise Invalid(f"set the end at most {LONGEST_LIFE.days} days after the messages are due")
    return clock.cut(wanted)
