"""Personal messages: rows that carry their own words and belong to no mailing (T7)."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bson import Int64
from pymongo.asynchronous.client_session import AsyncClientSession

from core import tracing
from core.errors import InvalidInput, Problem
from rules.message import Route, Status, message_id, number
from services import messages

LARGEST = 16_000_000
"""Bytes of what all messages of one call say: its transaction must fit a small MongoDB's cache."""
NUMBERED = frozenset({Route.SENDING_API})
"""Ways whose outside wants an int64 for an id."""


@dataclass(frozen=True, slots=True)
class Personal:
    """One message to one recipient; what it is made for, for whom and by what way give its id."""

    source: str
    """What it is made for: an item of an inbox, a send."""
    recipient: str
    route: Route
    address: str
    content: Mapping[str, str]
    """`subject` and `text`."""
    due_at: datetime
    end_at: datetime
    why: str = ""
    links: Mapping[str, Any] = field(default_factory=dict)
    """Whom and what it belongs to, by names of fields of Message."""

    @property
    def id(self) -> uuid.UUID:
        """The row's id, however often it is made."""
        return message_id(self.source, self.recipient, self.route)


def check_size(batch: Iterable[Personal], field: str) -> None:
    """Raise InvalidInput, at `field`, for messages that one transaction could not hold."""
    texts = (text for each in batch for text in each.content.values())
    size = sum(len(text.encode("utf-8", "replace")) for text in texts)
    if size > LARGEST:
        message = (
            f"make messages of {size:,} bytes together, and at most {LARGEST:,} are taken at once; "
            "send to fewer at a time"
        )
        raise InvalidInput.at(field, message, Problem.TOO_LONG)


async def add(session: AsyncClientSession, message: Personal, now: datetime) -> uuid.UUID:
    """Queue one message in the transaction of what it is made for; its id.

    `now` is the database's time, by which workers look for what is due. Raises DuplicateKeyError
    if it is queued already.
    """
    [row] = await _rows(session, (message,), now)
    await messages.collection().insert_one(row, session=session)
    return message.id


async def add_many(session: AsyncClientSession, batch: Sequence[Personal], now: datetime) -> None:
    """Queue several; raises BulkWriteError if one of them is queued already."""
    if batch:
        await messages.collection().insert_many(await _rows(session, batch, now), session=session)


async def _rows(
    session: AsyncClientSession, batch: Sequence[Personal], now: datetime
) -> list[dict[str, Any]]:
    numbers = await _numbers(session, [each.id for each in batch if each.route in NUMBERED])
    return [_row(each, numbers, now) for each in batch]


async def _numbers(session: AsyncClientSession, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Int64]:
    """A number for each id that no other message has: a hash, which may be taken."""
    numbers = {each: Int64(number(each)) for each in ids}
    salts = dict.fromkeys(ids, 0)
    while numbers:
        taken = {"number": {"$in": list(numbers.values())}}
        found = messages.collection().find(taken, projection={"number": 1}, session=session)
        used = {row["number"] async for row in found}
        clashing = [each for each, at in numbers.items() if at in used]
        if not clashing:
            break
        for each in clashing:
            salts[each] += 1
            numbers[each] = Int64(number(each, salts[each]))
    return numbers


def _row(message: Personal, numbers: Mapping[uuid.UUID, Int64], now: datetime) -> dict[str, Any]:
    row = {
        "_id": message.id,
        "mailing_id": None,
        "channel": message.route.value,
        "address": message.address,
        "content": dict(message.content),
        "end_at": message.end_at,
        "status": Status.PENDING,
        "why": message.why,
        "due_at": message.due_at,
        "planned_at": message.due_at,
        "attempts": 0,
        "maybe_sent": False,
        "created_at": now,
        **message.links,
    }
    if (trace := tracing.traceparent()) is not None:
        row["trace"] = trace
    if message.id in numbers:
        row["number"] = numbers[message.id]
    return row
