"""A time limit does just what that of asyncio does."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from core.deadline import Deadline

SHORT, LONG = 0.01, 60.0
Limit = Callable[[float], AbstractAsyncContextManager[object]]


@asynccontextmanager
async def ours(seconds: float) -> AsyncIterator[None]:
    with Deadline(seconds):
        yield


@pytest.fixture(params=[asyncio.timeout, ours], ids=["asyncio", "ours"])
def limit(request: pytest.FixtureRequest) -> Limit:
    given: Limit = request.param
    return given


def cancelling() -> int:
    """How often the task of this test is to be cancelled still."""
    task = asyncio.current_task()
    assert task is not None
    return task.cancelling()


async def forever() -> None:
    await asyncio.Event().wait()


async def test_what_takes_too_long_is_ended_and_its_task_goes_on(limit: Limit) -> None:
    ended = asyncio.Event()

    async def work() -> None:
        async with limit(SHORT):
            try:
                await forever()
            finally:
                ended.set()

    with pytest.raises(TimeoutError):
        await work()
    assert ended.is_set()
    assert not cancelling()
    await asyncio.sleep(0)


async def test_what_ends_in_time_is_left_alone(limit: Limit) -> None:
    async with limit(LONG):
        await asyncio.sleep(0)
    with pytest.raises(LookupError):
        async with limit(LONG):
            raise LookupError
    async with limit(SHORT):
        pass
    with pytest.raises(TimeoutError):  # after which the time of the one above is up, too
        async with limit(2 * SHORT):
            await forever()
    assert not cancelling()


async def test_an_error_at_the_end_of_the_time_is_the_one_that_is_raised(limit: Limit) -> None:
    async def work() -> None:
        async with limit(SHORT):
            try:
                await forever()
            finally:
                raise LookupError

    with pytest.raises(LookupError):
        await work()
    assert not cancelling()


async def test_who_is_cancelled_from_outside_is_cancelled(limit: Limit) -> None:
    begun = asyncio.Event()

    async def work() -> None:
        async with limit(LONG):
            begun.set()
            await forever()

    task = asyncio.create_task(work())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_who_is_cancelled_while_its_time_ends_is_cancelled(limit: Limit) -> None:
    ending, may_end = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        async with limit(SHORT):
            try:
                await forever()
            finally:
                ending.set()
                await may_end.wait()

    task = asyncio.create_task(work())
    await ending.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_limit_that_is_over_first_is_the_one_that_ends(limit: Limit) -> None:
    with pytest.raises(TimeoutError):
        async with limit(SHORT), limit(LONG):
            await forever()
    async with limit(LONG):
        with pytest.raises(TimeoutError):
            async with limit(SHORT):
                await forever()
    assert not cancelling()
