"""Contacts: a sender's own list of whom to write to by which messengers (C1, C2)."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError

from core import clock, events
from core.errors import Checklist, InvalidInput, Problem
from core.parts import Parts
from models.contact import Contact
from rules import contact as rules
from rules.addresses import HANDLES
from rules.message import Status
from services import closing, idempotency, paging
from services.idempotency import Once, Row

MOST_CONTACTS = 10_000
"""Of one owner."""
DELETED = "contact deleted"
TRIES = 5
LAST = "\U0010ffff"
"""Comes after every other character."""


@dataclass(frozen=True, slots=True)
class NewContact:
    """A contact as it was said to us."""

    name: str
    telegram: str | None = None
    whatsapp: str | None = None
    viber: str | None = None


def collection() -> AsyncCollection[dict[str, Any]]:
    """The rows themselves."""
    return Contact.get_pymongo_collection()


async def create(parts: Parts, owner: str, new: NewContact, key: str | None = None) -> Contact:
    """Add a contact; raises InvalidInput with every mistake. A repeat of a key adds nothing."""

    async def work(session: AsyncClientSession | None) -> Row:
        contact = _check(owner, new)
        await _check_room(owner, session)
        contact.id = ObjectId()  # type: ignore[assignment] # Beanie's own id is a subclass
        row: Row = contact.model_dump(by_alias=True, exclude={"revision_id"})
        await collection().insert_one(row, session=session)
        return row

    once = Once.of(owner, "createContact", key, asdict(new))
    try:
        made: Contact = Contact.model_validate(await idempotency.run(parts.mongo, once, work))
    except DuplicateKeyError:
        raise _taken(new.name) from None
    events.emit("contact.created", contact_id=str(made.id))
    return made


async def update(owner: str, contact_id: ObjectId, changes: Mapping[str, Any]) -> Contact:
    """Change what `changes` names; what is queued goes to the contact as it is then."""
    for _ in range(TRIES):
        contact = await get(owner, contact_id)
        if contact is None:
            raise missing()
        changed = await _changed(contact, changes)
        if changed is not None:
            events.emit("contact.updated", contact_id=str(contact_id))
            return changed
    message = "the contact is being changed by others just now; try again"
    raise InvalidInput.at("id", message, Problem.CONFLICT)


async def delete(parts: Parts, owner: str, which: ObjectId | str) -> Contact:
    """Remove a contact, by its id or name, and cancel what is queued for it."""
    by_name = isinstance(which, str)
    one = {"key": rules.key(which)} if isinstance(which, str) else {"_id": which}
    row = await collection().find_one_and_delete({"owner": owner, **one})
    if row is None:
        raise missing("name" if by_name else "id")
    await closing.close(parts, {"contact_id": row["_id"]}, Status.CANCELLED, DELETED)
    events.emit("contact.deleted", contact_id=str(row["_id"]))
    gone: Contact = Contact.model_validate(row)
    return gone


async def get(owner: str, contact_id: ObjectId) -> Contact | None:
    """The owner's contact, or None."""
    return await Contact.find_one({"_id": contact_id, "owner": owner})


async def named(
    owner: str, keys: Collection[str], session: AsyncClientSession | None = None
) -> dict[str, Contact]:
    """Those of the owner's contacts that have these keys."""
    query = {"owner": owner, "key": {"$in": list(keys)}}
    found = await Contact.find(query, session=session).to_list()
    return {contact.key: contact for contact in found}


async def page(
    owner: str, name: str, *, first: int, after: ObjectId | None
) -> paging.Page[Contact]:
    """The owner's contacts whose names begin so, oldest first."""
    return await paging.page(Contact, _query(owner, name), first=first, after=after)


async def count(owner: str, name: str) -> int:
    """How many of the owner's contacts have names that begin so."""
    return await Contact.find(_query(owner, name)).count()


def missing(field: str = "id") -> InvalidInput:
    """The error for what names no contact of the caller's."""
    message = "you have no such contact; it may have been deleted"
    return InvalidInput.at(field, message, Problem.NOT_FOUND)


def unclear() -> InvalidInput:
    """The error for who names a contact by neither of its id and its name, or by both."""
    return InvalidInput.at("id", "give either the id or the name")


def handles(contact: Contact) -> dict[str, str]:
    """Its handles by their messengers."""
    said = {way: getattr(contact, way) for way in HANDLES}
    return {way: handle for way, handle in said.items() if handle}


async def _changed(contact: Contact, changes: Mapping[str, Any]) -> Contact | None:
    """The contact as it was changed; None if somebody else was quicker."""
    said = {"name": contact.name, **{way: getattr(contact, way) for way in HANDLES}, **changes}
    checked = _check(contact.owner, NewContact(**said))
    touched = {*changes, "updated_at"} | ({"key"} if "name" in changes else set())
    # Its handles as they were: of two that go at the same moment, one must stay.
    unchanged = {way: getattr(contact, way) for way in HANDLES}
    try:
        row = await collection().find_one_and_update(
            {"_id": contact.id, "owner": contact.owner, **unchanged},
            {"$set": checked.model_dump(include=touched)},
            return_document=ReturnDocument.AFTER,
        )
    except DuplicateKeyError:
        raise _taken(checked.name) from None
    return None if row is None else Contact.model_validate(row)


def _check(owner: str, new: NewContact) -> Contact:
    checks = Checklist()
    name = checks.take("name", rules.name, new.name)
    said: dict[str, Any] = {way: getattr(new, way) for way in HANDLES}
    if not any(handle is not None for handle in said.values()):
        message = f"give a handle of at least one of {', '.join(HANDLES)}"
        checks.add("telegram", message, Problem.BLANK)
    for way, handle in said.items():
        said[way] = None if handle is None else checks.take(way, HANDLES[way], handle)
    checks.close()
    assert name is not None
    now = clock.now()
    key = rules.key(name)
    return Contact(owner=owner, name=name, key=key, created_at=now, updated_at=now, **said)


async def _check_room(owner: str, session: AsyncClientSession | None) -> None:
    count = await collection().count_documents(
        {"owner": owner}, session=session, limit=MOST_CONTACTS
    )
    if count >= MOST_CONTACTS:
        message = f"you have {MOST_CONTACTS:,} contacts already; delete some first"
        raise InvalidInput.at("name", message, Problem.TOO_MANY)


def _taken(name: str) -> InvalidInput:
    message = f"you have a contact {name.strip()!r} already; update it or choose another name"
    return InvalidInput.at("name", message, Problem.TAKEN)


def _query(owner: str, name: str) -> dict[str, Any]:
    key = rules.key(name)
    # A range, because a pattern could not hold every character that a text can.
    return {"owner": owner, **({"key": {"$gte": key, "$lt": f"{key}{LAST}"}} if key else {})}
