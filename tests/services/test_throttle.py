"""The token bucket: no faster than the provider's rate, however many workers ask.

No test assumes how long anything takes: bounds follow from the time that was measured.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from channels.sending_api import SendingApi
from core import redis
from core.parts import Parts
from local.outside import Outside
from local.ports import free_port
from local.redis import Redis
from rules.message import Status
from services import messages, stats, throttle
from services.messages import BULK, PERSONAL
from services.pump import Pump
from services.throttle import BURST_SECONDS, Throttle
from tests import factories
from tests.services.conftest import Happened
from tests.services.looking import PATIENCE, counted, until
from tests.services.pumping import API, LONG


def of(parts: Parts, lane: str = BULK, rate: float = 200.0, worker: str = "w1") -> Throttle:
    return Throttle(parts, API, lane, rate, worker)


def burst(rate: float) -> float:
    return max(1.0, rate * BURST_SECONDS)


async def redis_time(parts: Parts) -> float:
    seconds, micros = await parts.redis.time()
    return float(seconds) + float(micros) / 1_000_000


async def set_bucket(parts: Parts, at: float) -> None:
    """Let the bucket have been empty at that time."""
    key = f"belfry:rate:{{{API}}}"
    bucket = {"tokens": "0", "at": str(at)}
    await parts.redis.hset(key, mapping=bucket)  # type: ignore[misc] # one stub for both clients


class Takers:
    """Workers that take as fast as they are let, until told to stop."""

    def __init__(self, throttles: list[Throttle]) -> None:
        self.taken: Counter[int] = Counter()
        self.stop = asyncio.Event()
        self._tasks = [asyncio.create_task(self._take(*one)) for one in enumerate(throttles)]

    async def _take(self, place: int, one: Throttle) -> None:
        while not self.stop.is_set():
            await one.take(self.stop)
            if not self.stop.is_set():
                self.taken[place] += 1

    async def until(self, condition: Callable[[], object]) -> None:
        await until(condition)
        self.stop.set()
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*self._tasks)


@pytest.mark.parametrize("rate", [37.0, 400.0])
async def test_all_workers_together_keep_to_the_rate(
    parts: Parts, other: Parts, rate: float
) -> None:
    throttles = [of(one, rate=rate, worker=f"w{n}") for n, one in enumerate([parts, other] * 3)]
    start = await redis_time(parts)
    takers = Takers(throttles)
    await takers.until(lambda: takers.taken.total() >= burst(rate) + rate / 4)
    elapsed = await redis_time(parts) - start
    assert takers.taken.total() <= burst(rate) + rate * elapsed


async def test_after_a_rest_no_more_than_a_burst_goes_at_once(parts: Parts) -> None:
    one, rate = of(parts), 200.0
    await one.take(asyncio.Event())
    await set_bucket(parts, await redis_time(parts) - 1_000)
    start = await redis_time(parts)
    takers = Takers([of(parts, worker="w2")])
    await takers.until(lambda: takers.taken.total() > burst(rate))
    assert takers.taken.total() <= burst(rate) + rate * (await redis_time(parts) - start) + 1


async def test_a_clock_of_redis_that_goes_back_gives_nothing_away(parts: Parts) -> None:
    start = await redis_time(parts)
    await set_bucket(parts, start + 1_000)
    takers = Takers([of(parts)])
    await takers.until(lambda: takers.taken.total() >= 10)
    assert takers.taken.total() <= 200.0 * (await redis_time(parts) - start)


async def test_a_personal_message_runs_ahead_while_bulk_waits(parts: Parts) -> None:
    """A rate of one in ten seconds: whoever must wait for the bucket would wait that long."""
    rate, stop = 0.1, asyncio.Event()
    await of(parts, BULK, rate).take(stop)
    waiting = asyncio.create_task(of(parts, BULK, rate, "w2").take(stop))
    async with asyncio.timeout(PATIENCE):
        await of(parts, PERSONAL, rate, "w3").take(stop)
    assert not waiting.done()
    stop.set()
    await waiting


async def test_what_ran_ahead_is_paid_back_by_the_bulk(parts: Parts) -> None:
    rate = 50.0
    start = await redis_time(parts)
    ahead = Takers([of(parts, PERSONAL, rate, "w1")])
    bulk = Takers([of(parts, BULK, rate, "w2")])
    await ahead.until(lambda: ahead.taken.total() >= burst(rate) + rate)
    await bulk.until(lambda: bulk.taken.total() > 0)
    elapsed = await redis_time(parts) - start
    assert ahead.taken.total() + bulk.taken.total() <= burst(rate) + rate + rate * elapsed


async def test_the_rates_of_two_channels_are_their_own(parts: Parts) -> None:
    stop = asyncio.Event()
    await of(parts, BULK, 0.1).take(stop)
    async with asyncio.timeout(PATIENCE):
        await Throttle(parts, "email", BULK, 0.1, "w1").take(stop)


async def test_a_token_put_back_is_there_for_the_next(parts: Parts) -> None:
    one, stop = of(parts, rate=0.1), asyncio.Event()
    async with asyncio.timeout(PATIENCE):
        for _ in range(20):
            await one.take(stop)
            one.put_back()


async def test_a_stop_ends_the_wait(parts: Parts) -> None:
    one, stop = of(parts, rate=0.0001), asyncio.Event()
    await one.take(stop)
    waiting = asyncio.create_task(one.take(stop))
    await asyncio.sleep(0)
    stop.set()
    async with asyncio.timeout(PATIENCE):
        await waiting
        await one.take(stop)


async def test_without_a_rate_nobody_is_asked(parts: Parts, broken: Parts) -> None:
    one, stop = of(broken, rate=0), asyncio.Event()
    for _ in range(1_000):
        await one.take(stop)
    one.put_back()
    assert await parts.redis.keys("belfry:rate:*") == []


@pytest.mark.parametrize(
    ("rate", "most", "expected"),
    [(0, 128, 128), (1_000, 128, 128), (50, 128, 50), (2.9, 128, 2), (1, 128, 1), (0.01, 128, 1)],
)
async def test_no_more_is_claimed_at_once_than_leaves_in_a_second(
    parts: Parts, rate: float, most: int, expected: int
) -> None:
    assert of(parts, rate=rate).batch(most) == expected


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Redis]:
    """A Redis to be killed."""
    server = Redis(tmp_path / "redis", free_port())
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def broken(parts: Parts, mortal: Redis) -> AsyncIterator[Parts]:
    """A process with that Redis."""
    pool = redis.connect(mortal.url)
    yield replace(parts, redis=pool)
    await pool.aclose()


async def test_with_redis_gone_each_worker_keeps_to_its_share_of_those_last_seen(
    broken: Parts, mortal: Redis, happened: Happened
) -> None:
    rate, stop = 400.0, asyncio.Event()
    throttles = [of(broken, rate=rate, worker=f"w{number}") for number in range(4)]
    for _ in range(2):  # the first one has seen nobody when it asks for the first time
        for one in throttles:
            one._tokens = 0
            await one.take(stop)
    mortal.kill()
    # Pumps live for seconds, so most of them begin while Redis is away.
    throttles = [of(broken, rate=rate, worker=f"w{number}") for number in range(4)]
    start = time.monotonic()
    takers = Takers(throttles)
    await takers.until(lambda: takers.taken.total() >= 60)
    elapsed = time.monotonic() - start
    for count in takers.taken.values():
        assert count <= 1 + rate / 4 * elapsed
    told = [name for name, _ in happened].count("throttle.unreachable")
    assert 4 <= told <= 4 * (1 + elapsed / throttle.AWAY_SECONDS)


async def test_with_redis_back_the_bucket_is_shared_again(broken: Parts, mortal: Redis) -> None:
    rate, stop = 100.0, asyncio.Event()
    one = of(broken, rate=rate)
    mortal.kill()
    async with asyncio.timeout(PATIENCE):
        for _ in range(3):
            await one.take(stop)
        mortal.start()
        while not await broken.redis.exists(f"belfry:rate:{{{API}}}"):
            await one.take(stop)


async def test_a_pump_keeps_to_the_rate_and_holds_no_more_than_leaves_soon(
    parts: Parts, outside: Outside, api: SendingApi
) -> None:
    """What it holds for long it would hold beyond its time, and lose when it is cancelled."""
    limited = parts.settings.model_copy(update={"sending_api_rate": 2.0})
    mailing_id = await factories.launched(parts, 60)
    process = replace(parts, settings=limited)
    pump = Pump(process, messages.BULK, api, "w1")
    start = await redis_time(parts)
    pumping = asyncio.create_task(pump.run(LONG))
    await until(lambda: outside.ledger.count >= 2)
    counts = (await stats.of_mailing(parts, mailing_id)).by_status
    assert counts[Status.SENDING] <= 6  # being recorded, leaving, waiting, and two batches of two
    pump.stop()
    async with asyncio.timeout(PATIENCE):
        await pumping
    assert outside.ledger.count <= 1 + 2.0 * (await redis_time(parts) - start)
    assert set(await counted(parts, mailing_id)) == {Status.SENT, Status.PENDING}
