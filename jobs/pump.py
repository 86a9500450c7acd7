"""The pump as a job."""

import asyncio
from typing import Any

from channels.channel import Channel
from jobs.once import once
from services import pump as pumps
from services import sweep as sweeps

SECONDS = 20.0
"""A pump ends by itself after this; the tick starts the next, so that lanes stay fair."""


async def pump(ctx: dict[str, Any], lane: str, slot: int) -> int:
    """Deliver what is due in a lane; how many messages were handled."""
    channels = ctx["channels"].values()
    runs = (_pump(ctx, lane, slot, channel) for channel in channels)
    handled = await asyncio.gather(*runs, return_exceptions=True)
    # Where one has failed, the others have gone on with their own work.
    if failed := next((one for one in handled if isinstance(one, BaseException)), None):
        raise failed
    return sum(one for one in handled if isinstance(one, int))


async def _pump(ctx: dict[str, Any], lane: str, slot: int, channel: Channel) -> int:
    """One channel's part, which a busy other one does not keep from being begun again."""
    parts, worker = ctx["parts"], f"{ctx['worker']}:{slot}"
    with once(ctx, f"pump:{slot}:{channel.name}") as free:
        if not free or not await sweeps.is_due(parts, lane, channel.name):
            return 0
        return await pumps.pump(parts, [channel], lane, worker, ctx["stop"], SECONDS)
