"""Who comes to a topic, who goes, and who hears meanwhile."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from arq.connections import ArqRedis

from core.wakeups import Wakeups
from tests.core.hearing import PATIENCE, connected, listeners, running, told


async def test_every_listener_of_a_topic_hears(ours: Wakeups, theirs: Wakeups) -> None:
    async with ours.listen("u1") as one, ours.listen("u1") as other, theirs.listen("u1") as third:
        ours.publish("u1", b"1")
        assert [await told(waiter) for waiter in (one, other, third)] == [[b"1"]] * 3
        assert ours.topics() == ["u1"]


async def test_who_stays_hears_on_when_another_leaves(ours: Wakeups) -> None:
    async with ours.listen("u1") as waiter:
        async with ours.listen("u1"):
            pass
        ours.publish("u1", b"1")
        assert await told(waiter) == [b"1"]


async def test_many_listeners_share_one_connection(ours: Wakeups, pool: ArqRedis) -> None:
    async def listen(number: int) -> None:
        async with ours.listen(f"u{number}") as waiter:
            await together.wait()
            assert await told(waiter) == [b"1"]

    async def connections() -> set[str]:
        return {client["id"] for client in await pool.client_list(_type="pubsub")}

    together = asyncio.Barrier(101)
    async with ours.listen("first"):
        before = await connections()  # among them those of other processes
        tasks = [asyncio.create_task(listen(number)) for number in range(100)]
        await together.wait()
        assert await connections() <= before
        for number in range(100):
            ours.publish(f"u{number}", b"1")
        await asyncio.gather(*tasks)


async def test_a_topic_that_nobody_listens_to_is_given_up(ours: Wakeups, pool: ArqRedis) -> None:
    async with ours.listen("u1"):
        assert await listeners(pool, "u1") == 1
    async with asyncio.timeout(PATIENCE):
        while await listeners(pool, "u1"):
            await asyncio.sleep(0.01)
    assert ours.topics() == []


async def test_whoever_comes_while_the_process_connects_hears_as_well(
    redis_url: str, pool: ArqRedis
) -> None:
    async with running(redis_url) as ours, AsyncExitStack() as stack:
        topics = [f"u{number}" for number in range(200)]
        for topic in topics:
            await stack.enter_async_context(ours.listen(topic))
            await asyncio.sleep(0)
        await connected(ours)
        async with asyncio.timeout(PATIENCE):
            while deaf := [topic for topic in topics if not await listeners(pool, topic)]:
                await asyncio.sleep(0.01 * len(deaf))


async def test_who_gave_up_at_once_does_not_deafen_the_next(ours: Wakeups, theirs: Wakeups) -> None:
    async def listen(topic: str) -> None:
        async with ours.listen(topic):
            await asyncio.Event().wait()

    for steps in range(40):
        hasty = asyncio.create_task(listen(f"u{steps}"))
        for _ in range(steps):
            await asyncio.sleep(0)
        hasty.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hasty
    await connected(ours)
    for steps in range(40):
        async with ours.listen(f"u{steps}") as waiter:
            theirs.publish(f"u{steps}", b"1")
            assert await told(waiter) == [b"1"]


async def test_who_comes_while_the_last_one_leaves_is_not_deaf(
    ours: Wakeups, theirs: Wakeups
) -> None:
    async def listen(topic: str) -> None:
        async with ours.listen(topic):
            await asyncio.Event().wait()

    async def hear(topic: str, after: int) -> None:
        for _ in range(after):
            await asyncio.sleep(0)
        async with ours.listen(topic) as waiter:
            theirs.publish(topic, b"1")
            assert await told(waiter) == [b"1"]

    for steps in range(1, 20):
        for after in range(20):
            topic = f"u{steps}.{after}"
            hasty = asyncio.create_task(listen(topic))
            for _ in range(steps):
                await asyncio.sleep(0)
            hasty.cancel()
            await hear(topic, after)
            with pytest.raises(asyncio.CancelledError):
                await hasty


async def test_thousands_come_at_once_by_a_few_commands(ours: Wakeups, pool: ArqRedis) -> None:
    async def asked() -> int:
        return int((await pool.info("commandstats"))["cmdstat_subscribe"]["calls"])

    before = await asked()
    async with AsyncExitStack() as stack:
        listening = [ours.listen(f"u{number}") for number in range(3_000)]
        await asyncio.gather(*map(stack.enter_async_context, listening))
        assert await listeners(pool, "u0") == await listeners(pool, "u2999") == 1
        assert await asked() - before < 30
