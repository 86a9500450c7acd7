"""The launch as a job."""

from typing import Any

from bson import ObjectId

from jobs.once import once
from services import launch as launches


async def launch(ctx: dict[str, Any], mailing_id: str) -> int:
    """Turn a mailing's audience into messages; how many were made."""
    with once(ctx, f"launch:{mailing_id}") as free:
        return await launches.launch(ctx["parts"], ObjectId(mailing_id)) if free else 0
