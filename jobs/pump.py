"""The pump as a job."""

from typing import Any

from jobs.once import once
from services import pump as pumps

SECONDS = 20.0
"""A pump ends by itself after this; the tick starts the next, so that lanes stay fair."""


async def pump(ctx: dict[str, Any], lane: str, slot: int) -> int:
    """Deliver what is due in a lane; how many messages were handled."""
    worker = f"{ctx['worker']}:{slot}"
    channels = ctx["channels"].values()
    with once(ctx, f"pump:{slot}") as free:
        if not free:
            return 0
        return await pumps.pump(ctx["parts"], channels, lane, worker, ctx["stop"], SECONDS)
