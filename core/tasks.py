"""Tasks in the background: kept up while the process lives, and ended for certain."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from core import events

AGAIN_SECONDS = 0.2
RESTART_SECONDS = 1.0


async def kept_up(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Do the work until it returns; what nobody expected is logged, and it begins again.

    A task that dies in the background takes nothing down with it, and so nobody would know.
    """
    while True:
        try:
            return await work()
        except Exception as error:  # noqa: BLE001 - whatever it is, the work must go on
            events.emit("background.failed", work=name, exc_info=error)
            await asyncio.sleep(RESTART_SECONDS)


async def end(tasks: Iterable["asyncio.Task[Any]"]) -> None:
    """Cancel the tasks and wait until each is done.

    Cancelling once is not enough: a library that guards a read with a time limit may take our
    cancellation for the end of that limit and go on. What a task raised before stays its own
    affair; here it is only marked as seen.
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        done, left = await asyncio.wait(left, timeout=AGAIN_SECONDS)
        for task in done:
            if not task.cancelled():
                task.exception()
