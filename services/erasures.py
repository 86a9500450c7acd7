"""Erase a person: nothing that names it stays, and all that was counted stays counted.

It begins with one transaction, which takes the person's document away and leaves a ticket. What is
left is done in batches, first by the request itself, then by the sweep, wherever a process died:
each batch can be done twice, and notes in its own transaction how far it came.
"""

import time
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from core import events, failpoints, mongo
from core.errors import InvalidInput, Problem
from core.parts import Parts
from models.client import Client
from models.erasure import Erasure, Person, Step
from models.user import User
from rules import suppression
from rules.message import Route
from services import erasing, messages
from services.recipients import ADDRESS_FIELD, USER_ADDRESS

LEASE = timedelta(seconds=30)
AT_ONCE_SECONDS = 2.0
"""What the request itself does; most persons are erased by then."""
TURN_SECONDS = 5.0
MOST = 20
"""Erasures that a sweep goes on with."""

Row = dict[str, Any]

_BEGUN = failpoints.place("erasures.begun")

ADDRESSES: Mapping[Person, Mapping[str, str]] = {
    Person.USER: {Route.EMAIL: USER_ADDRESS},
    Person.CLIENT: ADDRESS_FIELD,
}
LINKS = {Person.USER: "user_id", Person.CLIENT: "client_id"}


async def erase(
    parts: Parts, whose: Person, person_id: ObjectId, names: list[str], by: str
) -> Erasure:
    """Begin to erase a person, or go on with it; how far it is. Raises InvalidInput if unknown.

    `names` are the ways in which the API writes the id. A repeat erases what has come since.
    """
    begin = partial(_begin, parts, whose, person_id, names, by)
    ticket = await mongo.promptly(parts.mongo, begin)
    failpoints.reach(_BEGUN)
    if whose is Person.USER:
        # Whoever listens reads the inbox again, finds nothing, and is told to resynchronise.
        parts.wakeups.publish(str(person_id), b"{}")
    told = {"whose": whose.value, "person_id": str(person_id), "ticket": str(ticket)}
    events.emit("person.erasing", **told)
    await _go_on(parts, ticket, time.monotonic() + AT_ONCE_SECONDS)
    found = await Erasure.get(ticket)
    assert found is not None
    return found


async def get(ticket: ObjectId) -> Erasure | None:
    """The erasure, or None."""
    return await Erasure.get(ticket)


async def go_on(parts: Parts, until: float) -> None:
    """Go on with what was left, for about so long."""
    # As the partial index has it: a missing field would be null as well.
    found = _collection().find({"done_at": {"$type": "null"}}, {"_id": 1}).limit(MOST)
    for row in await found.to_list():
        if time.monotonic() >= until:
            return
        await _go_on(parts, row["_id"], min(until, time.monotonic() + TURN_SECONDS))


async def _begin(
    parts: Parts,
    whose: Person,
    person_id: ObjectId,
    names: list[str],
    by: str,
    session: AsyncClientSession,
) -> ObjectId:
    model = User if whose is Person.USER else Client
    person = await model.get_pymongo_collection().find_one_and_delete(
        {"_id": person_id}, session=session
    )
    of_person = {"whose": whose.value, "person_id": person_id}
    known = await _collection().find_one(of_person, {"_id": 1, "done_at": 1}, session=session)
    if person is None and known is not None and not await _has_more(whose, person_id, session):
        return ObjectId(known["_id"])
    if person is None and known is None and not await _has_more(whose, person_id, session):
        noun, field = whose.value, f"{whose.value}Id"
        message = f"there is no such {noun}, and no message to it"
        raise InvalidInput.at(field, message, Problem.NOT_FOUND)
    addresses = addresses_of(parts, whose, person or {})
    begun: Row = {"step": Step.OWN.value, "place": None, "mailing_id": None, "done_at": None}
    row = await _collection().find_one_and_update(
        of_person,
        {
            "$set": {**begun, "names": names, "by": by, "at": parts.database_clock.now()},
            "$addToSet": {
                "addresses": {"$each": addresses},
                "muted": {"$each": list((person or {}).get("muted") or ())},
            },
            "$setOnInsert": {"messages": 0},
        },
        upsert=True,
        return_document=ReturnDocument.AFTER,
        session=session,
    )
    assert row is not None
    return ObjectId(row["_id"])


async def _has_more(whose: Person, person_id: ObjectId, session: AsyncClientSession) -> bool:
    """Whether messages name the person: of one that was deleted before, or notified again since."""
    query = {LINKS[whose]: person_id}
    return await messages.collection().find_one(query, {"_id": 1}, session=session) is not None


def addresses_of(parts: Parts, whose: Person, person: Row) -> list[str]:
    """All but the address that users have of whom none is known: it is nobody's own."""
    said = {way: person.get(name) for way, name in ADDRESSES[whose].items()}
    nobodys = suppression.key(Route.EMAIL, parts.settings.email)
    keys = [suppression.key(way, address) for way, address in said.items() if address]
    return [key for key in keys if key != nobodys]


async def _go_on(parts: Parts, ticket: ObjectId, until: float) -> None:
    """Do the next batches, unless another process is at it or messages are still under way."""
    row = await _claim(ticket)
    if row is None:
        return
    try:
        while row is not None and row["done_at"] is None and time.monotonic() < until:
            link = {LINKS[Person(row["whose"])]: row["person_id"]}
            if not await erasing.batch(parts, row, link):
                break
            row = await _collection().find_one({"_id": ticket})
    finally:
        await _collection().update_one({"_id": ticket}, {"$set": {"lease_until": None}})
    if row is not None and row["done_at"] is not None:
        events.emit("person.erased", whose=row["whose"], ticket=str(ticket), count=row["messages"])


async def _claim(ticket: ObjectId) -> Row | None:
    free = {"$lte": [{"$ifNull": ["$lease_until", "$$NOW"]}, "$$NOW"]}
    until = {"$add": ["$$NOW", int(LEASE.total_seconds() * 1_000)]}
    found: Row | None = await _collection().find_one_and_update(
        {"_id": ticket, "done_at": None, "$expr": free},
        [{"$set": {"lease_until": until}}],
        return_document=ReturnDocument.AFTER,
    )
    return found


def _collection() -> Any:  # noqa: ANN401 - PyMongo's collection
    return Erasure.get_pymongo_collection()
