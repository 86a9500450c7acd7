"""The reconciler as a job, and for the command line."""

from collections.abc import AsyncIterator
from typing import Any

from bson import ObjectId
from pymongo.errors import PyMongoError

from core.errors import Unavailable
from core.parts import open_parts
from core.settings import Settings
from jobs.once import once
from services import reconcile as reconciler
from services import start

SECONDS = 60.0
"""A turn ends after this; the tick gives the next."""


async def reconcile(ctx: dict[str, Any]) -> int:
    """Compare counters with rows where that is due; how many mailings were compared."""
    with once(ctx, "reconcile") as free:
        return await reconciler.reconcile_due(ctx["parts"], ctx["stop"], SECONDS) if free else 0


async def compare(
    settings: Settings, only: str | None = None
) -> AsyncIterator[tuple[ObjectId, dict[str, int]]]:
    """Each mailing (or only one) with its differences; raises Unavailable."""
    wanted = None if only is None else ObjectId(only)
    try:
        async with open_parts(settings) as parts:
            await start.prepare(parts)
            async for found in reconciler.reconcile_all(parts, wanted):
                yield found
    except PyMongoError as error:
        raise Unavailable(f"MongoDB doesn't answer: {error}") from None
