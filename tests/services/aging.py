"""The history grows old, for tests: mailings that have ended, and workers that come days later."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from bson import ObjectId

from core.parts import Parts
from models.mailing import Mailing
from rules.message import Status
from services import messages, results, retention, retries, sweep
from tests import factories
from tests.services.claims import FAILED, change
from tests.services.days import DAY, roll_up
from tests.services.pumping import claim

KEPT_DAYS = 30
LONG = 60.0


def keeping(parts: Parts, **days: int) -> Parts:
    """The parts of a process with such settings."""
    return replace(parts, settings=parts.settings.model_copy(update=days))


async def let_go(parts: Parts, now: datetime) -> int:
    """As a worker does it at this moment; how many rows went."""
    return await retention.let_go(parts, now, asyncio.Event(), LONG)


async def after(parts: Parts, moment: datetime, days: int = KEPT_DAYS + 1) -> int:
    """As a worker does it some days later; how many rows went."""
    now = moment + days * DAY
    await roll_up(parts, now)
    return await let_go(parts, now)


async def finished(parts: Parts, count: int = 3) -> ObjectId:
    """A mailing of which one message failed and the others were sent, just now."""
    mailing_id = await factories.launched(parts, count, channels=("sending_api",))
    claimed = await claim(parts, mailing_id)
    changes = [change(one) for one in claimed[1:]] + [change(claimed[0], FAILED)]
    await results.write(parts, changes)
    await sweep.sweep(parts, messages.BULK)
    return mailing_id


async def archived_at(mailing_id: ObjectId) -> datetime | None:
    """Since when a mailing's messages go."""
    found = await Mailing.get(mailing_id)
    assert found is not None
    return found.archived_at


async def of_mailing(parts: Parts, mailing_id: ObjectId) -> None:
    """Try what failed again, all of it."""
    later = parts.database_clock.now() + 99 * DAY
    await retries.of_mailing(parts, mailing_id, [Status.FAILED], "operator", later)


async def of_messages(parts: Parts, mailing_id: ObjectId) -> None:
    """Try one message that failed again."""
    row = await messages.collection().find_one({"mailing_id": mailing_id, "status": "failed"})
    assert row is not None
    later = parts.database_clock.now() + 99 * DAY
    await retries.of_messages(parts, [row["_id"]], "operator", later)


Retry = Callable[[Parts, ObjectId], Awaitable[None]]
