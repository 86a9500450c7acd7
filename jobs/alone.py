"""A lane without arq: Redis only wakes, so while it is away the worker looks for itself."""

import asyncio
from collections.abc import Iterable

from pymongo.errors import PyMongoError

from channels.channel import Channel
from core import events, mongo
from core.parts import Parts
from services import messages
from services import pump as pumps
from services import sweep as sweeps

SECONDS = 2.0
"""Of pumping; then the lane tries Redis again."""


async def work_alone(
    parts: Parts, lane: str, channels: Iterable[Channel], worker: str, stop: asyncio.Event
) -> None:
    """Do once what the lane's jobs would do, one after the other."""
    try:
        await mongo.set_clock(parts.mongo, parts.database_clock)
        await sweeps.sweep(parts, lane)
        if lane == messages.BULK:
            await sweeps.launch_due(parts, stop, SECONDS)
        if await sweeps.work_is_due(parts, lane):
            await pumps.pump(parts, channels, lane, worker, stop, SECONDS)
    except PyMongoError as error:
        events.emit("lane.alone.failed", lane=lane, error=str(error))
