"""Days of a calendar, and messages that ended in them, for tests of the history."""

import asyncio
import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bson import ObjectId

from core.parts import Parts
from models.message import Message
from rules.history import Key, Wanted
from services import analysis, messages, rollups
from services.analysis import History

DAY = timedelta(days=1)
FRIDAY, SATURDAY = date(2026, 1, 30), date(2026, 1, 31)
SUNDAY = date(2026, 2, 1)
LONG = 60.0


def at(day: date, clock: str = "12:00") -> datetime:
    """A moment of a day, in UTC."""
    hour, minute = map(int, clock.split(":"))
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


async def ended(moment: datetime, count: int = 1, **said: Any) -> list[uuid.UUID]:
    """Personal messages that were sent at a moment, after a second; or what is said of them."""
    rows = [
        {
            "_id": uuid.uuid4(),
            "mailing_id": None,
            "channel": "email",
            "address": "ada@example.com",
            "content": {"subject": "", "text": "Hello"},
            "status": "sent",
            "why": "",
            "attempts": 1,
            "maybe_sent": False,
            "created_at": moment - timedelta(seconds=2),
            "due_at": moment - timedelta(seconds=1),
            "sent_at": moment,
            "closed_at": moment,
            **said,
        }
        for _ in range(count)
    ]
    await messages.collection().insert_many(rows)
    return [row["_id"] for row in rows]


async def roll_up(parts: Parts, now: datetime) -> int:
    """As a worker does it at this moment; how many days it was."""
    return await rollups.roll_up_due(parts, now, asyncio.Event(), LONG)


async def asked(
    parts: Parts, *by: Key, first: date = FRIDAY, last: date = SUNDAY, now: datetime, **said: Any
) -> History:
    """What the history says at this moment."""
    return await analysis.history(parts, Wanted(first, last, by, **said), now)


async def counts(parts: Parts, *by: Key, now: datetime, **said: Any) -> dict[Any, int]:
    """How many messages it counts, by the values of the keys; by the value alone if it is one."""
    found = (await asked(parts, *by, now=now, **said)).lines
    values = [tuple(line.keys.values()) for line in found]
    keys = [one[0] if len(one) == 1 else one for one in values]
    return dict(zip(keys, [line.messages for line in found], strict=True))


async def exists(message_id: uuid.UUID) -> bool:
    """Whether the row is there."""
    return await Message.get(message_id) is not None


async def rows_of(mailing_id: ObjectId) -> int:
    """How many rows a mailing has."""
    return await messages.collection().count_documents({"mailing_id": mailing_id})
