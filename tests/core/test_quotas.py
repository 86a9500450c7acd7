"""Limits per minute: no test assumes how long anything takes, bounds follow from measured time."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import pytest
from arq.connections import ArqRedis
from hypothesis import given
from hypothesis import strategies as st

from core import events, quotas, redis
from core.allowance import Allowance
from core.errors import RateLimited
from core.quotas import PREFIX, Bucket, Quotas, slack
from local.ports import free_port
from local.redis import Redis
from tests.faults.proxy import Proxy

LIMIT = 600
PATIENCE = 30.0

limits = st.integers(1, 100_000)
pauses = st.lists(st.floats(0, 90), max_size=200)


async def use_up(ours: Quotas, caller: str, limit: int, most: int = 10_000) -> int:
    """How many calls are granted one after another until one is refused."""
    for granted in range(most):
        try:
            await ours.take(caller, limit)
        except RateLimited:
            return granted
        await asyncio.sleep(0)
    return most


async def granted(ours: Quotas, caller: str, limit: int = LIMIT) -> bool:
    try:
        await ours.take(caller, limit)
    except RateLimited:
        return False
    return True


@pytest.fixture
async def pool(redis_url: str) -> AsyncIterator[ArqRedis]:
    pool = redis.connect(redis_url)
    yield pool
    await pool.aclose()


@pytest.fixture
async def ours(pool: ArqRedis, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Quotas]:
    """A process that takes no Redis for away that is only slow, as on a busy machine."""
    for name in ("LONGEST_WAIT_SECONDS", "PATIENCE_SECONDS", "TRIP_SECONDS"):
        monkeypatch.setattr(quotas, name, PATIENCE)
    ours = Quotas(pool)
    yield ours
    await ours.close()


@pytest.fixture
async def theirs(redis_url: str) -> AsyncIterator[Quotas]:
    """Those of another process."""
    pool = redis.connect(redis_url)
    theirs = Quotas(pool)
    yield theirs
    await theirs.close()
    await pool.aclose()


@pytest.fixture
def happened() -> Iterator[list[tuple[str, Mapping[str, object]]]]:
    happened: list[tuple[str, Mapping[str, object]]] = []
    leave = events.subscribe(lambda name, fields: happened.append((name, fields)))
    yield happened
    leave()


@given(limits, pauses)
def test_a_bucket_grants_no_more_than_the_limit_and_what_grows_meanwhile(
    limit: int, pauses: list[float]
) -> None:
    bucket, now, taken = Bucket(limit, limit, 0.0), 0.0, 0
    for pause in pauses:
        now += pause
        bucket.refill(now)
        for _ in range(3):
            if bucket.tokens >= 1:
                bucket.take()
                taken += 1
    assert taken <= limit + limit * now / 60 + 1e-6
    assert 0 <= bucket.tokens <= limit


@given(limits, st.floats(-100_000, 100_000))
def test_who_is_refused_is_told_when_one_more_call_is_granted(limit: int, tokens: float) -> None:
    bucket = Bucket(limit, min(tokens, 0.999), 0.0)
    with pytest.raises(RateLimited) as refused:
        bucket.take()
    wait = refused.value.allowance.retry_after
    assert wait >= 1
    bucket.refill(float(wait))
    assert bucket.tokens >= 1 - 1e-6
    assert f"try again in {wait} s" in str(refused.value)


@given(limits, st.floats(0, 100_000))
def test_nobody_with_calls_left_is_told_to_wait(limit: int, tokens: float) -> None:
    allowance = Bucket(limit, min(tokens, float(limit)), 0.0).allowance
    assert (allowance.retry_after == 0) == (allowance.remaining > 0)
    assert 0 <= allowance.reset_seconds <= 60 + 1e-6


@given(limits)
def test_what_is_not_yet_told_is_at_most_a_second_of_the_limit(limit: int) -> None:
    assert 1 <= slack(limit) <= max(1, limit / 60)


def test_an_allowance_is_said_in_headers() -> None:
    assert Allowance(600, 12, 58.8).headers == {
        "RateLimit-Limit": "600",
        "RateLimit-Remaining": "12",
        "RateLimit-Reset": "59",
    }


async def test_a_caller_gets_its_limit_and_is_then_refused(ours: Quotas) -> None:
    begun = time.monotonic()
    count = await use_up(ours, "a", LIMIT)
    assert LIMIT <= count + 1 <= LIMIT + 2 + LIMIT * (time.monotonic() - begun) / 60


async def test_callers_do_not_share_a_limit(ours: Quotas) -> None:
    await use_up(ours, "a", LIMIT)
    assert await granted(ours, "b")


async def test_processes_together_grant_the_limit_and_a_slack_for_each(
    ours: Quotas, theirs: Quotas
) -> None:
    begun = time.monotonic()
    counts = await asyncio.gather(
        *(use_up(one, "a", LIMIT) for one in (ours, theirs) for _ in range(5))
    )
    grown = LIMIT * (time.monotonic() - begun) / 60
    assert LIMIT - 2 <= sum(counts) <= LIMIT + grown + 2 * slack(LIMIT)


async def test_a_process_that_comes_later_learns_what_others_have_granted(
    ours: Quotas, theirs: Quotas
) -> None:
    begun = time.monotonic()
    await use_up(ours, "a", LIMIT)
    await ours._tell()
    late = await use_up(theirs, "a", LIMIT)
    assert late <= slack(LIMIT) + LIMIT * (time.monotonic() - begun) / 60 + 1


async def test_what_was_granted_is_told_without_another_call(ours: Quotas, pool: ArqRedis) -> None:
    await ours.take("a", LIMIT)
    async with asyncio.timeout(PATIENCE):
        while not await pool.exists(f"{PREFIX}a"):
            await asyncio.sleep(0.01)


async def test_one_trip_tells_of_many_callers(
    ours: Quotas, pool: ArqRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quotas, "BATCH", 7)
    for number in range(50):
        await ours.take(f"caller {number}", LIMIT)
    await ours._tell()
    assert len(await pool.keys(f"{PREFIX}*")) == 50


async def test_buckets_are_bounded_and_the_busy_are_kept(
    ours: Quotas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quotas, "CALLERS", 10)
    for number in range(100):
        await ours.take("busy", LIMIT)
        await ours.take(f"caller {number}", LIMIT)
    assert len(ours._buckets) == 10
    assert (await ours.take("busy", LIMIT)).remaining <= LIMIT - 90


async def test_buckets_in_redis_go_by_themselves(ours: Quotas, pool: ArqRedis) -> None:
    await ours.take("a", LIMIT)
    await ours._tell()
    assert 60 < await pool.ttl(f"{PREFIX}a") <= 180


async def test_a_redis_that_forgot_everything_gives_nothing_back(
    ours: Quotas, pool: ArqRedis
) -> None:
    begun = time.monotonic()
    await use_up(ours, "a", LIMIT)
    await pool.flushall()
    count = await use_up(ours, "a", LIMIT)
    assert count <= LIMIT * (time.monotonic() - begun) / 60 + 1


async def test_without_redis_each_process_keeps_the_limit_by_itself(
    happened: list[tuple[str, Mapping[str, object]]],
) -> None:
    pool = redis.connect(f"redis://127.0.0.1:{free_port()}/0")
    ours = Quotas(pool)
    begun = time.monotonic()
    count = await use_up(ours, "a", LIMIT)
    assert LIMIT <= count + 1 <= LIMIT + 2 + LIMIT * (time.monotonic() - begun) / 60
    assert [name for name, _ in happened].count("quotas.unreachable") == 1
    await ours.close()
    await pool.aclose()


async def test_no_call_waits_for_a_redis_that_is_known_to_hang(redis_server: Redis) -> None:
    proxy = Proxy(redis_server.port)
    async with proxy.listening():
        proxy.blackhole()
        pool = redis.connect(f"redis://127.0.0.1:{proxy.port}/0")
        ours = Quotas(pool)
        while not ours._away:
            await ours.take("a", LIMIT)
        for _ in range(slack(LIMIT) * 2):
            waiting = ours.take("a", LIMIT)
            with pytest.raises(StopIteration):
                waiting.send(None)  # it ends without a pause
        await ours.close()
        await pool.aclose()


async def test_a_redis_that_comes_back_is_used_again(tmp_path: Path) -> None:
    server = Redis(tmp_path, free_port())
    pool = redis.connect(server.url)
    ours = Quotas(pool)
    await use_up(ours, "a", 1, most=3)
    await ours._tell()
    server.start()
    async with asyncio.timeout(PATIENCE):
        while not await pool.exists(f"{PREFIX}b"):
            await granted(ours, "b")
            await asyncio.sleep(0.01)
    await ours.close()
    await pool.aclose()
    server.stop()
