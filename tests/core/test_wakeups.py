import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from arq.connections import ArqRedis

from core import events, redis, wakeups
from core.wakeups import PREFIX, Waiter, Wakeups
from local.ports import free_port
from local.redis import Redis

PATIENCE = 10.0
"""Seconds after which what has not come is taken for lost."""


@asynccontextmanager
async def running(url: str) -> AsyncIterator[Wakeups]:
    """The wake-ups of one process."""
    pool = redis.connect(url)
    ours = Wakeups(pool)
    reader = asyncio.create_task(ours.run())
    yield ours
    reader.cancel()
    ended, _ = await asyncio.wait({reader}, timeout=PATIENCE)
    assert ended, "the cancellation was swallowed"
    await pool.aclose()


@pytest.fixture
async def ours(redis_url: str) -> AsyncIterator[Wakeups]:
    async with running(redis_url) as ours:
        await connected(ours)
        yield ours


@pytest.fixture
async def theirs(redis_url: str) -> AsyncIterator[Wakeups]:
    async with running(redis_url) as theirs:
        await connected(theirs)
        yield theirs


@pytest.fixture
async def pool(redis_url: str) -> AsyncIterator[ArqRedis]:
    pool = redis.connect(redis_url)
    yield pool
    await pool.aclose()


@pytest.fixture
def heard() -> Iterator[list[tuple[str, Mapping[str, object]]]]:
    heard: list[tuple[str, Mapping[str, object]]] = []
    leave = events.subscribe(lambda name, fields: heard.append((name, fields)))
    yield heard
    leave()


async def told(waiter: Waiter, count: int = 1) -> list[bytes]:
    """The next payloads; a mere call to look is passed over."""
    payloads: list[bytes] = []
    async with asyncio.timeout(PATIENCE):
        while len(payloads) < count:
            payloads += await waiter.take() or []
    return payloads


async def called(waiter: Waiter) -> None:
    """Wait until the waiter is told to look."""
    async with asyncio.timeout(PATIENCE):
        while await waiter.take() is not None:
            pass


async def connected(process: Wakeups) -> None:
    """Wait until the process hears itself, or is told to look since it has just connected."""
    async with process.listen("connected") as waiter, asyncio.timeout(PATIENCE):
        process.publish("connected", b"")
        await waiter.take()


async def listeners(pool: ArqRedis, topic: str) -> int:
    ((_, count),) = await pool.pubsub_numsub(PREFIX + topic)
    return int(count)


async def test_a_listener_hears_what_another_process_publishes_after_it_came(
    ours: Wakeups, theirs: Wakeups
) -> None:
    async with ours.listen("u1") as waiter:
        theirs.publish("u1", b"1")
        theirs.publish("u2", b"not for us")
        theirs.publish("u1", b"2")
        assert await told(waiter, 2) == [b"1", b"2"]


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

    together = asyncio.Barrier(101)
    tasks = [asyncio.create_task(listen(number)) for number in range(100)]
    await together.wait()
    subscribed = await pool.client_list(_type="pubsub")
    assert len(subscribed) == 1
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


async def test_a_process_ends_at_any_moment_of_its_start(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wakeups, "RECONNECT_SECONDS", 0.01)
    for steps in range(5, 22):  # while the connections are made
        async with running(redis_url) as ours:
            ours.publish("u1", b"1")
            for _ in range(steps):
                await asyncio.sleep(0)


async def test_past_the_bound_a_listener_is_only_told_to_look(ours: Wakeups) -> None:
    async with ours.listen("u1") as slow, ours.listen("done") as done:
        for number in range(wakeups.WAITER_BOUND + 1):
            ours.publish("u1", b"%d" % number)
        ours.publish("done", b"")
        await told(done)
        assert await slow.take() is None
        ours.publish("u1", b"later")
        assert await told(slow) == [b"later"]


async def test_up_to_the_bound_every_payload_comes_in_order(ours: Wakeups) -> None:
    async with ours.listen("u1") as slow, ours.listen("done") as done:
        payloads = [b"%d" % number for number in range(wakeups.WAITER_BOUND)]
        for payload in payloads:
            ours.publish("u1", payload)
        ours.publish("done", b"")
        await told(done)
        assert await slow.take() == payloads


async def test_a_call_to_look_reaches_the_listeners_of_its_topics_only(ours: Wakeups) -> None:
    async with ours.listen("u1") as one, ours.listen("u2") as other:
        ours.publish("u1", b"overtaken")
        ours.publish("u2", b"1")
        assert await told(other) == [b"1"]
        ours.look(["u1", "nobody"])
        assert await one.take() is None
        ours.publish("u2", b"2")
        assert await told(other) == [b"2"]


async def test_after_redis_came_back_listeners_look_and_hear_again(tmp_path: Path) -> None:
    server = Redis(tmp_path, free_port())
    server.start()
    async with running(server.url) as ours, ours.listen("u1") as waiter:
        ours.publish("u1", b"1")
        assert await told(waiter) == [b"1"]
        server.kill()
        server.start()
        await called(waiter)
        ours.publish("u1", b"2")
        assert await told(waiter) == [b"2"]
    server.stop()


async def test_without_redis_one_can_listen_and_hears_once_it_is_there(
    tmp_path: Path, heard: list[tuple[str, Mapping[str, object]]]
) -> None:
    server = Redis(tmp_path, free_port())
    async with running(server.url) as ours, ours.listen("u1") as waiter:
        ours.publish("u1", b"lost")
        async with asyncio.timeout(PATIENCE):
            while {name for name, _ in heard} != {"wakeups.unreachable", "wakeups.lost"}:
                await asyncio.sleep(0.01)
        server.start()
        await called(waiter)
        ours.publish("u1", b"2")
        assert await told(waiter) == [b"2"]
    server.stop()


async def test_under_a_flood_the_oldest_wake_ups_fall_out(ours: Wakeups) -> None:
    async with ours.listen("u1") as waiter:
        for number in range(wakeups.OUTBOX_BOUND + 5):
            ours.publish("u1" if number < 6 else "nobody", b"%d" % number)
        assert await told(waiter) == [b"5"]
