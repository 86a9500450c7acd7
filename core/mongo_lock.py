"""A mend of PyMongo on Python 3.11, where a cancellation at the wrong moment locked a client for ever.

Whoever looks for a server waits by `asyncio.wait_for`, which before Python 3.12 does so in a second task.
That takes the client's lock back even when it is given up; cancelled twice, or right at its time
limit, its caller no longer waits for it, and nobody gives back what it has taken.
"""

import asyncio
import sys
from collections.abc import Awaitable
from typing import TypeVar

import pymongo.lock

Result = TypeVar("Result")


async def _wait_for(awaited: Awaitable[Result], seconds: float | None) -> Result:
    """As Python 3.12 has it: the waiting is done by the task that holds the lock."""
    async with asyncio.timeout(seconds):
        return await awaited


def mend() -> None:
    """Let every client of this process wait so; safe to repeat."""
    if sys.version_info < (3, 12):
        pymongo.lock.wait_for = _wait_for  # type: ignore[assignment, attr-defined]
