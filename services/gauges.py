"""What a look at the database tells of queues and providers, for those who look at metrics (M21)."""

import asyncio

from pymongo.errors import PyMongoError

from core import events
from core.parts import Parts
from rules.breaker import State
from services import queues

SECONDS = 10.0
"""Between two looks. Each worker looks for itself, and all see the same."""


async def watch(parts: Parts) -> None:
    """Look every few seconds, until cancelled."""
    while True:
        try:
            await look(parts)
        except PyMongoError as error:
            events.emit("gauges.look.failed", error=str(error))
            # Numbers that nobody can check any more would only mislead.
            events.note("queues.looked", breakers={}, messages={}, oldest_due={}, workers={})
        await asyncio.sleep(SECONDS)


async def look(parts: Parts) -> None:
    """Look once."""
    found = await queues.measure(parts)
    breakers = {(one.channel,): one.provider.state is not State.CLOSED for one in found}
    counts = {
        (one.lane, one.channel, state): count
        for one in found
        for state, count in one.counts.items()
    }
    oldest = {(one.lane, one.channel): one.oldest_due_seconds or 0.0 for one in found}
    workers = {(one.lane,): one.workers for one in found}
    events.note(
        "queues.looked", breakers=breakers, messages=counts, oldest_due=oldest, workers=workers
    )
