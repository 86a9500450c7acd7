"""The sweep as a job, and the tick that wakes what wake-ups forgot."""

import asyncio
import itertools
from typing import Any

from pymongo.errors import PyMongoError

from core import events, mongo
from core.parts import Parts
from jobs.once import once
from services import messages
from services import sweep as sweeps

TICK_SECONDS = 0.5
TICKS_OF_A_NAME = 8
"""How long jobs keep their ids, so that a lock that nobody will ever open is soon passed by."""
SWEEP_EVERY_TICKS = 2
RECONCILE_EVERY_TICKS = 60
"""Most of these find nothing to do: each mailing has an interval of its own."""
REPORT_EVERY_TICKS = 120
"""Most of these find that the day has its report; also at the start, for days that were missed."""
HISTORY_EVERY_TICKS = 120
"""Looks for days that are over, and for rows that are old enough; also at the start."""


async def sweep(ctx: dict[str, Any], lane: str) -> None:
    """End what is over and give back what dead workers held."""
    with once(ctx, "sweep") as free:
        if free:
            await sweeps.sweep(ctx["parts"], lane)


async def tick(parts: Parts, lane: str, worker: str) -> None:
    """Twice a second ask MongoDB whether work is due in this lane, and wake its jobs.

    The ids carry this worker's name and change every few seconds: any worker of the lane may take
    the job, and if it is killed then, arq keeps the id locked for minutes.
    """
    for count in itertools.count():
        name = f"{worker}:{count // TICKS_OF_A_NAME}"
        try:
            await _look(parts, lane, name)
            if count % SWEEP_EVERY_TICKS == 0:
                parts.queue.wake("sweep", lane, lane=lane, job_id=f"sweep:{lane}:{name}")
            if lane == messages.BULK and count % RECONCILE_EVERY_TICKS == 0:
                parts.queue.wake("reconcile", lane=lane, job_id=f"reconcile:{name}")
            if lane == messages.BULK and count % HISTORY_EVERY_TICKS == 0:
                parts.queue.wake("history", lane=lane, job_id=f"history:{name}")
            if lane == messages.BULK and count % REPORT_EVERY_TICKS == 0:
                parts.queue.wake("report", lane=lane, job_id=f"report:{name}")
        except PyMongoError as error:
            events.emit("tick.failed", lane=lane, error=str(error))
        await asyncio.sleep(TICK_SECONDS)


async def _look(parts: Parts, lane: str, name: str) -> None:
    await mongo.set_clock(parts.mongo, parts.database_clock)
    if lane == messages.BULK and await sweeps.to_launch(parts):
        parts.queue.wake("launch_due", lane=lane, job_id=f"launch_due:{name}")
    if await sweeps.work_is_due(parts, lane):
        for slot in range(parts.settings.worker_slots):
            job_id = f"pump:{lane}:{slot}:{name}"
            parts.queue.wake("pump", lane, slot, lane=lane, job_id=job_id)
