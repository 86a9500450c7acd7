"""The launch as a job."""

from typing import Any

from bson import ObjectId

from jobs.once import once
from services import launch as launches
from services import sweep as sweeps

SECONDS = 20.0
"""Then the tick begins anew, with what has become due meanwhile."""


async def launch_due(ctx: dict[str, Any]) -> int:
    """Launch everything whose time has come, one mailing after the other; how many messages."""
    with once(ctx, "launch_due") as free:
        return await sweeps.launch_due(ctx["parts"], ctx["stop"], SECONDS) if free else 0


async def launch(ctx: dict[str, Any], mailing_id: str) -> int:
    """Turn a mailing's audience into messages; how many were made."""
    with once(ctx, f"launch:{mailing_id}") as free:
        return await launches.launch(ctx["parts"], ObjectId(mailing_id)) if free else 0
