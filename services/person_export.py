"""All that is held about a person, a page at a time."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Any

from bson import ObjectId

from core.parts import Parts
from models.attempt import Attempt
from models.audit_entry import AuditEntry
from models.client import Client
from models.contact import Contact
from models.erasure import Person
from models.session import Session
from models.suppression import Suppression
from models.user import User
from rules import addresses, suppression
from services import erasures, exports, mailings, messages, pseudonyms
from services.exports import Order
from services.idempotency import Row

FIELDS = (
    *("channel", "address", "status", "why", "content", "template", "topic", "kind", "by"),
    *("mailing_id", "send_id", "contact_name", "due_at", "sent_at", "closed_at", "created_at"),
)
"""Of messages; the rest says how they are delivered."""
BARE = {"user_id": None, "client_id": None}
OF_MAILING = Order(hint="of_mailing")
_HIDDEN = ("line", "hash", "former", "id_token")
"""Of sessions."""


async def of_person(
    parts: Parts, whose: Person, person_id: ObjectId, names: Sequence[str]
) -> AsyncGenerator[list[Row], None]:
    """Rows with `kind`, `id`, `at` and `data`: the person, and whatever bears its id or address."""
    model = User if whose is Person.USER else Client
    person = await model.get_pymongo_collection().find_one({"_id": person_id}) or {}
    keys = erasures.addresses_of(parts, whose, person)
    yield [_row(whose.value, person, None)] if person else []
    yield [_row("notification", item, item.get("at")) for item in person.pop("inbox", None) or ()]
    async with aclosing(_messages({erasures.LINKS[whose]: person_id}, set())) as pages:
        async for page in pages:
            yield page
    if keys:
        async with aclosing(_bare(set(keys))) as pages:
            async for page in pages:
                yield page
    async for rows in _rest(whose, person_id, names, keys):
        yield rows


async def _bare(keys: set[str]) -> AsyncGenerator[list[Row], None]:
    """What went to the addresses of nobody who has an id: personal messages, and those of lists."""
    lists = exports.pages(mailings.collection(), {"listed": True}, ("_id",))
    async with aclosing(lists):
        mailing_ids: list[ObjectId | None] = [None]
        while mailing_ids:
            for mailing_id in mailing_ids:
                query = {"mailing_id": mailing_id, **BARE}
                async with aclosing(_messages(query, keys, OF_MAILING)) as pages:
                    async for page in pages:
                        yield page
            mailing_ids = [row["_id"] for row in await anext(lists, [])]


async def _messages(
    query: Row, keys: set[str], by: Order = exports.BY_ID
) -> AsyncGenerator[list[Row], None]:
    """Messages and their attempts; of those without an id only what went to the addresses."""
    async with aclosing(exports.pages(messages.collection(), query, FIELDS, by)) as pages:
        async for page in pages:
            theirs = [row for row in page if not keys or _key(row) in keys]
            if theirs:
                yield [_row("message", row, row["created_at"]) for row in theirs]
                yield await _attempts([row["_id"] for row in theirs])


async def _attempts(ids: list[Any]) -> list[Row]:
    found = Attempt.get_pymongo_collection().find({"message_id": {"$in": ids}}, hint="message")
    return [_row("attempt", row, row["started_at"]) async for row in found]


async def _rest(
    whose: Person, person_id: ObjectId, names: Sequence[str], keys: Sequence[str]
) -> AsyncIterator[list[Row]]:
    listed = {"_id": {"$in": [*keys, *[await pseudonyms.of(key) for key in keys]]}}
    handles: list[Row] = [
        {channel: address}
        for channel, _, address in (key.partition(":") for key in keys)
        if channel in addresses.HANDLES
    ]
    own: list[Row] = [{"owner": str(person_id)}] if whose is Person.USER else []
    acted: list[Row] = [{"by": str(person_id)}] if whose is Person.USER else []
    named: Row = {"targets": {"$in": list(names)}}
    asked: list[tuple[str, Any, Row, str]] = [
        ("suppression", Suppression, listed, "at"),
        ("action", AuditEntry, {"$or": [*acted, named]}, "at"),
    ]
    if handles or own:
        asked.append(("contact", Contact, {"$or": [*handles, *own]}, "created_at"))
    if whose is Person.USER:
        asked.append(("session", Session, {"subject": str(person_id)}, "created_at"))
    for kind, model, query, at in asked:
        found = model.get_pymongo_collection().find(query)
        async with found:
            while rows := await found.to_list(exports.BATCH):
                yield [_row(kind, row, row.get(at)) for row in rows]


def _row(kind: str, row: Mapping[str, Any], at: datetime | None) -> Row:
    hidden = {"_id", "inbox", "retracted", *_HIDDEN}
    data = {name: value for name, value in row.items() if name not in hidden}
    return {"kind": kind, "id": row.get("_id", row.get("id")), "at": at, "data": data}


def _key(row: Row) -> str:
    return suppression.key(row["channel"], row.get("address") or "")
