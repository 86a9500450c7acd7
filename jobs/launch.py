"""The launch as a job."""

from typing import Any

from bson import ObjectId

from services import launch as launches


async def launch(ctx: dict[str, Any], mailing_id: str) -> int:
    """Turn a mailing's audience into messages; how many were made."""
    return await launches.launch(ctx["parts"], ObjectId(mailing_id))
