"""What a look at the database tells of queues and providers, for those who look at metrics (M21)."""

import asyncio

from pymongo.errors import PyMongoError

from core import events
from core.parts import Parts
from rules.breaker import State
from services import breaker

SECONDS = 5.0
"""Between two looks. Each worker looks for itself, and all see the same."""


async def watch(parts: Parts) -> None:
    """Look every few seconds, until cancelled."""
    while True:
        try:
            await look(parts)
        except PyMongoError as error:
            events.emit("gauges.look.failed", error=str(error))
            # Numbers that nobody can check any more would only mislead.
            events.note("queues.looked", breakers={})
        await asyncio.sleep(SECONDS)


async def look(parts: Parts) -> None:
    """Look once."""
    found = breaker.collection().find({}, projection={"state": 1})
    breakers = {(row["_id"],): float(row["state"] != State.CLOSED) async for row in found}
    events.note("queues.looked", breakers=breakers)
