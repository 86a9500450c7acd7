import asyncio
from contextlib import suppress

import pytest

from core import tasks


async def patient() -> None:
    await asyncio.Event().wait()


async def deaf(times: int) -> None:
    """Take the first cancellations for something else, as libraries do."""
    for _ in range(times):
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
    await asyncio.Event().wait()


async def broken() -> None:
    raise ZeroDivisionError


async def stubborn() -> None:
    """Answer a cancellation with an error of its own."""
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        raise ZeroDivisionError from None


async def test_every_task_is_done_however_it_takes_its_cancellation() -> None:
    coroutines = (patient(), deaf(1), deaf(2), broken(), stubborn(), asyncio.sleep(0))
    running = [asyncio.create_task(coroutine) for coroutine in coroutines]
    await asyncio.sleep(0.01)
    async with asyncio.timeout(10):
        await tasks.end(running)
    assert all(task.done() for task in running)
    assert [task.cancelled() for task in running] == [True, True, True, False, False, False]


async def test_with_no_tasks_there_is_nothing_to_wait_for() -> None:
    await tasks.end([])


async def test_who_ends_tasks_can_be_cancelled() -> None:
    running = asyncio.create_task(deaf(1_000))
    ending = asyncio.create_task(tasks.end([running]))
    await asyncio.sleep(0.01)
    ending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ending
    for _ in range(1_000):
        running.cancel()
        await asyncio.sleep(0)
    await tasks.end([running])
