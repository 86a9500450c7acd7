"""The history as a job: days that are over are rolled up, and old rows go."""

from typing import Any

from jobs.once import once
from services import retention, rollups

SECONDS = 60.0
"""Each half of a turn ends after this; the tick gives the next."""


async def history(ctx: dict[str, Any]) -> int:
    """Roll up the days that are over, then delete what is kept no longer; how many rows went."""
    with once(ctx, "history") as free:
        if not free:
            return 0
        parts, stop = ctx["parts"], ctx["stop"]
        await rollups.roll_up_due(parts, parts.database_clock.now(), stop, SECONDS)
        return await retention.let_go(parts, parts.database_clock.now(), stop, SECONDS)
