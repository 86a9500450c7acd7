import asyncio
from collections.abc import Mapping
from contextlib import suppress

import pytest

from core import events, tasks


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
    async with asyncio.timeout(30):
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


async def test_work_that_fails_begins_again_and_is_told_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tasks, "RESTART_SECONDS", 0.0)
    told: list[tuple[str, Mapping[str, object]]] = []
    leave = events.subscribe(lambda name, fields: told.append((name, fields)))
    trouble = [ZeroDivisionError("first"), KeyError("second")]

    async def work() -> None:
        if trouble:
            raise trouble.pop(0)

    async with asyncio.timeout(30):
        await tasks.kept_up("counting", work)
    leave()
    assert [name for name, _ in told] == ["background.failed"] * 2
    assert [repr(fields["exc_info"]) for _, fields in told] == [
        "ZeroDivisionError('first')",
        "KeyError('second')",
    ]
    assert {fields["work"] for _, fields in told} == {"counting"}


async def test_work_that_is_ended_does_not_begin_again() -> None:
    begun: list[int] = []

    async def work() -> None:
        begun.append(1)
        await asyncio.Event().wait()

    task = asyncio.create_task(tasks.kept_up("waiting", work))
    while not begun:
        await asyncio.sleep(0)
    await tasks.end([task])
    assert task.cancelled()
    assert begun == [1]
