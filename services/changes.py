"""Changes of a mailing: each builds on the version that was read, and leaves a row of its own."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from core import clock, mongo
from core.errors import InvalidInput, Problem
from core.parts import Parts
from models.mailing import Mailing
from models.mailing_change import MailingChange
from services import counters, paging

BELFRY = "belfry"
"""Who changes a mailing where nobody asked for it."""
_UNSAID = frozenset({"updated_at", "settled", "redue", "redue_at"})
"""Fields that follow from the others."""


class Verb(StrEnum):
    """What can be done to a mailing."""

    UPDATE = "update"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    DELETE = "delete"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class Change:
    """Fields of a mailing to set; `by` is the subject of whoever asks for it."""

    verb: Verb
    by: str
    values: dict[str, Any]


async def make(parts: Parts, mailing: Mailing, change: Change) -> Mailing | None:
    """Change the mailing as it was read; it as it is then, None if it changed meanwhile."""
    return await mongo.in_a_gap(parts.mongo, partial(write, mailing, change))


async def write(mailing: Mailing, change: Change, session: AsyncClientSession) -> Mailing | None:
    """The same within a transaction."""
    now = clock.now()
    result = await Mailing.get_pymongo_collection().update_one(
        {"_id": mailing.id, "version": mailing.version, "status": mailing.status},
        {"$set": {**change.values, "updated_at": now}, "$inc": {"version": 1}},
        session=session,
    )
    if result.matched_count == 0:
        return None
    before, after = _differences(mailing, change.values)
    row = {"mailing_id": mailing.id, "version": mailing.version + 1, "verb": change.verb}
    await MailingChange.get_pymongo_collection().insert_one(
        {**row, "at": now, "by": change.by, "before": before, "after": after}, session=session
    )
    return await Mailing.find_one({"_id": mailing.id}, session=session)


async def of_mailings(
    mailing_ids: Iterable[ObjectId], *, first: int
) -> dict[ObjectId, list[MailingChange]]:
    """The last changes of each mailing, newest first."""
    return await paging.of_each(
        MailingChange, "mailing_id", mailing_ids, query={}, order={"version": -1}, limit=first
    )


async def reach(mailing_id: ObjectId) -> int:
    """Messages that are not yet sent, so that a change of their mailing still reaches them."""
    return (await counters.read({"mailing_id": mailing_id})).get(counters.OPEN_KEY, 0)


def conflict() -> InvalidInput:
    """The error for a change of what somebody else changes just now."""
    message = "the mailing changed at the same moment; read it again and repeat the change"
    return InvalidInput.at("id", message, Problem.CONFLICT)


def _differences(mailing: Mailing, values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    was = mailing.model_dump(include=values.keys() - _UNSAID)
    touched = {name: old for name, old in was.items() if old != values[name]}
    return touched, {name: values[name] for name in touched}
