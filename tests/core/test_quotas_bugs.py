"""What nobody foresaw: whatever it is, no call hangs, and the limits are shared again after it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from arq.connections import ArqRedis

from core import quotas
from core.errors import RateLimited
from core.quotas import PREFIX, Quotas, slack
from tests.core.test_quotas import LIMIT, PATIENCE


@pytest.fixture
async def ours(pool: ArqRedis) -> AsyncIterator[Quotas]:
    ours = Quotas(pool)
    yield ours
    await ours.close()


async def test_a_caller_of_any_name_is_counted(ours: Quotas, pool: ArqRedis) -> None:
    await ours.take("\ud800", LIMIT)
    await ours._tell()
    assert await pool.keys(f"{PREFIX}*")
    assert not ours._away


async def test_a_bug_met_by_one_call_hangs_none(ours: Quotas, happened: list[str]) -> None:
    odd: Any = 7  # no name at all, which nobody foresaw
    async with asyncio.timeout(PATIENCE):
        for _ in range(slack(LIMIT) * 2):
            await ours.take("a", LIMIT)
            await ours.take(odd, LIMIT)
    assert "quotas.failed" in happened
    del ours._buckets[odd], ours._used[odd]
    async with asyncio.timeout(PATIENCE):
        while ours._away:
            with suppress(RateLimited):
                await ours.take("a", LIMIT)
            await asyncio.sleep(0.01)


async def test_a_call_waits_only_so_long_for_what_redis_never_hears_of(
    ours: Quotas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quotas, "PATIENCE_SECONDS", 0.05)
    await ours.take("a", LIMIT)
    bucket = ours._buckets["a"]
    bucket.untold, ours._used = slack(LIMIT), {}
    async with asyncio.timeout(PATIENCE):
        await ours.take("a", LIMIT)
