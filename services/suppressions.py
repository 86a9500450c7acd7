"""The suppression list: addresses that nothing is sent to, filled by bounces, people and hand (X8)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from pymongo import ReplaceOne, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from core import clock, events
from core.errors import Checklist, InvalidInput, Problem
from models.suppression import Suppression
from rules import erasure, suppression
from rules.message import Route
from rules.suppression import Reason
from services import paging, pseudonyms

LARGEST_BATCH = 1_000
BELFRY = "belfry"
THE_RECIPIENT = "recipient"
HAD_UNSUBSCRIBED = "had unsubscribed before it bounced"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class NewSuppression:
    """An address to hold back, as it was said to us."""

    channel: str
    address: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class SuppressionFilter:
    """Which suppressions: AND between the fields, OR inside one."""

    channel: str | None = None
    reasons: tuple[Reason, ...] = ()
    address: str | None = None


async def listed(channel: str, addresses: Iterable[str]) -> dict[str, Reason]:
    """Those of the addresses that are on the list, in the spelling for looking them up, and why."""
    keys = {suppression.key(channel, address) for address in addresses}
    if not keys:
        return {}
    secret = await pseudonyms.secret()
    known = {key: key for key in keys} | {erasure.pseudonym(secret, key): key for key in keys}
    found = Suppression.get_pymongo_collection().find({"_id": {"$in": list(known)}}, {"reason": 1})
    return {known[row["_id"]].partition(":")[2]: Reason(row["reason"]) async for row in found}


async def add(by: str, batch: Sequence[NewSuppression]) -> list[Suppression | InvalidInput]:
    """Put up to 1,000 addresses on the list; one answer per item, so that one mistake stops no other.

    What is on it already takes the new reason and note, so a repeat changes nothing.
    """
    check_count(len(batch))
    answers = [_checked(by, new) for new in batch]
    writes = [
        ReplaceOne({"_id": one.id}, one.model_dump(exclude={"id", "revision_id"}), upsert=True)
        for one in answers
        if isinstance(one, Suppression)
    ]
    if writes:
        await Suppression.get_pymongo_collection().bulk_write(writes)
    events.emit("suppressions.added", count=len(writes), by=by)
    return answers


async def remove(by: str, batch: Sequence[NewSuppression]) -> list[Suppression | InvalidInput]:
    """Take up to 1,000 addresses off the list; one answer per item: what was there, or a mistake."""
    check_count(len(batch))
    wanted = [_checked(by, one) for one in batch]
    keys = [one.id for one in wanted if isinstance(one, Suppression)]
    hidden = {key: await pseudonyms.of(key) for key in keys}
    found = {
        one.id: one async for one in Suppression.find({"_id": {"$in": [*keys, *hidden.values()]}})
    }
    await Suppression.get_pymongo_collection().delete_many({"_id": {"$in": list(found)}})
    there = {
        key: one for key in keys if (one := found.get(key) or found.get(hidden[key])) is not None
    }
    events.emit("suppressions.removed", count=len(there), by=by)
    return [
        one if isinstance(one, InvalidInput) else there.pop(one.id, None) or _missing()
        for one in wanted
    ]


async def bounced(attempts: Iterable[Mapping[str, Any]], session: AsyncClientSession) -> None:
    """Hold back the addresses that these attempts' servers know nothing of.

    In the transaction that writes the attempts. What people have put on the list stays as it is.
    """
    writes = [write for attempt in attempts for write in _bounce(attempt)]
    if writes:
        await Suppression.get_pymongo_collection().bulk_write(writes, session=session)


async def unsubscribe(channel: str, address: str, at: datetime) -> None:
    """Hold back an address whose owner wants it; what holds it back already stays."""
    row = _row(channel, address, Reason.UNSUBSCRIBED, at) | {"by": THE_RECIPIENT}
    new = {name: value for name, value in row.items() if name != "_id"}
    await Suppression.get_pymongo_collection().update_one(
        {"_id": row["_id"]}, {"$setOnInsert": new}, upsert=True
    )


async def resubscribe(channel: str, address: str) -> None:
    """Undo that; a bounce, or what was put on the list by hand, is not the recipient's to undo."""
    keys = await _spellings(suppression.key(channel, address))
    own = {"_id": {"$in": keys}, "reason": Reason.UNSUBSCRIBED}
    await Suppression.get_pymongo_collection().delete_many(own)


async def page(
    wanted: SuppressionFilter, *, first: int, after: str | None
) -> paging.Page[Suppression]:
    """The list, by channel and address."""
    return await paging.page(Suppression, _query(wanted), first=first, after=after)


async def count(wanted: SuppressionFilter) -> int:
    """How many match."""
    return await Suppression.find(_query(wanted)).count()


def check_count(count: int) -> None:
    """Raise InvalidInput unless so many can be given at once."""
    if count > LARGEST_BATCH:
        message = f"has {count} items; send at most {LARGEST_BATCH} at a time"
        raise InvalidInput.at("suppressions", message, Problem.TOO_MANY)


def _bounce(attempt: Mapping[str, Any]) -> tuple[UpdateOne, UpdateOne]:
    row = _row(attempt["channel"], attempt["address"], Reason.HARD_BOUNCE, attempt["started_at"])
    row |= {"message_id": attempt["message_id"], "note": attempt["answer"]}
    row["note"] = row["note"][: suppression.LONGEST_NOTE]
    key = {"_id": row.pop("_id")}
    # It holds back even what is critical, so it stands above the wish to hear no more.
    stronger = {**row, "note": HAD_UNSUBSCRIBED}
    return (
        UpdateOne({**key, "reason": Reason.UNSUBSCRIBED}, {"$set": stronger}),
        UpdateOne(key, {"$setOnInsert": row}, upsert=True),
    )


def _row(channel: str, address: str, reason: Reason, at: datetime) -> Row:
    spelled = suppression.spelled(channel, address)
    known = {"channel": channel, "address": spelled, "reason": reason, "at": at, "by": BELFRY}
    return {"_id": suppression.key(channel, spelled), **known, "message_id": None, "note": ""}


def _checked(by: str, new: NewSuppression) -> Suppression | InvalidInput:
    checks, address = Checklist(), None
    checks.take("note", suppression.note, new.note)
    if new.channel in set(Route):
        address = checks.take("address", partial(suppression.checked, new.channel), new.address)
    else:
        checks.add("channel", f"name a channel: {', '.join(Route)}")
    if checks.errors:
        return InvalidInput(*checks.errors)
    assert address is not None
    row = _row(new.channel, address, Reason.MANUAL, clock.now())
    found: Suppression = Suppression.model_validate(
        {**row, "by": by, "note": suppression.note(new.note)}
    )
    return found


def _missing() -> InvalidInput:
    message = "this address is not on the list, so nothing holds it back"
    return InvalidInput.at("address", message, Problem.NOT_FOUND)


async def _spellings(key: str) -> list[str]:
    """The ids that the suppression of an address has, before and after its owner was erased."""
    return [key, await pseudonyms.of(key)]


def _query(wanted: SuppressionFilter) -> dict[str, Any]:
    query: dict[str, Any] = {}
    if wanted.channel is not None:
        query["channel"] = wanted.channel
    if wanted.reasons:
        query["reason"] = {"$in": list(wanted.reasons)}
    if wanted.address is not None:
        channels = [wanted.channel] if wanted.channel else list(Route)
        keys = [suppression.key(channel, wanted.address) for channel in channels]
        query["$and"] = [{"_id": {"$in": keys}}]
    return query
