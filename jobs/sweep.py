"""The sweep as a job, and the tick that wakes what wake-ups forgot."""

import asyncio
import itertools
from typing import Any

from pymongo.errors import PyMongoError

from core import events, mongo
from core.parts import Parts
from services import messages
from services import sweep as sweeps

TICK_SECONDS = 0.5
SWEEP_EVERY_TICKS = 2
RECONCILE_EVERY_TICKS = 60
"""Most of these find nothing to do: each mailing has an interval of its own."""


async def sweep(ctx: dict[str, Any], lane: str) -> None:
    """End what is over and give back what dead workers held."""
    await sweeps.sweep(ctx["parts"], lane)


async def tick(parts: Parts, lane: str, worker: str) -> None:
    """Twice a second ask MongoDB whether work is due in this lane, and wake its jobs.

    The ids carry this worker's name: jobs of a worker that was killed stay locked in Redis for
    a while, and must not stand in the way of ours.
    """
    for count in itertools.count():
        try:
            await _look(parts, lane, worker)
            if count % SWEEP_EVERY_TICKS == 0:
                parts.queue.wake("sweep", lane, lane=lane, job_id=f"sweep:{lane}:{worker}")
            if lane == messages.BULK and count % RECONCILE_EVERY_TICKS == 0:
                parts.queue.wake("reconcile", lane=lane, job_id=f"reconcile:{worker}")
        except PyMongoError as error:
            events.emit("tick.failed", lane=lane, error=str(error))
        await asyncio.sleep(TICK_SECONDS)


async def _look(parts: Parts, lane: str, worker: str) -> None:
    parts.database_clock.observe(await mongo.now(parts.mongo))
    if lane == messages.BULK:
        for mailing_id in await sweeps.to_launch(parts):
            job_id = f"launch:{mailing_id}:{worker}"
            parts.queue.wake("launch", str(mailing_id), lane=lane, job_id=job_id)
    if await sweeps.work_is_due(parts, lane):
        for slot in range(parts.settings.worker_slots):
            job_id = f"pump:{lane}:{slot}:{worker}"
            parts.queue.wake("pump", lane, slot, lane=lane, job_id=job_id)
