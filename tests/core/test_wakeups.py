import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from core import events, wakeups
from core.topic import WAITER_BOUND
from core.wakeups import Wakeups
from local.ports import free_port
from local.redis import Redis
from tests.core.hearing import PATIENCE, called, running, told


@pytest.fixture
def heard() -> Iterator[list[tuple[str, Mapping[str, object]]]]:
    heard: list[tuple[str, Mapping[str, object]]] = []
    leave = events.subscribe(lambda name, fields: heard.append((name, fields)))
    yield heard
    leave()


async def test_a_listener_hears_what_another_process_publishes_after_it_came(
    ours: Wakeups, theirs: Wakeups
) -> None:
    async with ours.listen("u1") as waiter:
        theirs.publish("u1", b"1")
        theirs.publish("u2", b"not for us")
        theirs.publish("u1", b"2")
        assert await told(waiter, 2) == [b"1", b"2"]


async def test_a_process_that_ends_has_told_all_that_it_published(
    theirs: Wakeups, redis_url: str
) -> None:
    async with theirs.listen("u1") as waiter:
        for number in range(20):
            async with running(redis_url) as ours:
                ours.publish("u1", b"%d" % number)
                await asyncio.sleep(number / 2_000)  # also when it is just being written
                await ours.flush()
        assert await told(waiter, 20) == [b"%d" % number for number in range(20)]


async def test_a_process_that_ends_does_not_wait_for_redis_for_ever(tmp_path: Path) -> None:
    async with running(f"redis://127.0.0.1:{free_port()}/0") as ours:
        ours.publish("u1", b"1")
        async with asyncio.timeout(PATIENCE):
            await ours.flush()


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
        for number in range(WAITER_BOUND + 1):
            ours.publish("u1", b"%d" % number)
        ours.publish("done", b"")
        await told(done)
        assert await slow.take() is None
        ours.publish("u1", b"later")
        assert await told(slow) == [b"later"]


async def test_up_to_the_bound_every_payload_comes_in_order(ours: Wakeups) -> None:
    async with ours.listen("u1") as slow, ours.listen("done") as done:
        payloads = [b"%d" % number for number in range(WAITER_BOUND)]
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
