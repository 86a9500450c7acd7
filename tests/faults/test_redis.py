"""Redis, which only wakes: whatever becomes of it costs time, and neither a message nor a repeat."""

import asyncio

from local.faults import Faults
from tests import factories
from tests.faults import desk
from tests.faults.house import LEASE_SECONDS, PATIENT, House, restart, told
from tests.faults.scene import eventually

CLIENTS = 200


async def begun(house: House) -> None:
    """Let two workers begin a mailing."""
    await house.staffed(2, PATIENT)
    house.outside.faults = Faults(latency_seconds=0.1)
    await factories.clients(CLIENTS)
    await desk.create(house)
    await eventually(lambda: house.outside.ledger.count >= CLIENTS // 4)


async def ends_well_without_repeats(house: House) -> None:
    """Everything is sent, and once."""
    evidence = await house.ends_well()
    assert {row["status"] for row in evidence.messages} == {"sent"}
    assert house.outside.ledger.repeats == 0


async def test_a_redis_that_is_flushed_is_not_missed(house: House) -> None:
    await begun(house)
    await house.parts.redis.flushall()
    await ends_well_without_repeats(house)


async def test_a_redis_that_is_killed_and_comes_back_empty_is_not_missed(house: House) -> None:
    await begun(house)
    house.redis.kill()
    await eventually(lambda: all(told(one)["worker.lane.lost"] for one in house.workers))
    await restart(house.redis)
    await house.parts.redis.flushall()
    await ends_well_without_repeats(house)


async def test_a_redis_that_falls_silent_is_not_missed(house: House) -> None:
    await begun(house)
    house.lines.redis.blackhole()
    await asyncio.sleep(LEASE_SECONDS + 1)
    await house.lines.redis.heal()
    await ends_well_without_repeats(house)


async def test_connections_to_redis_that_are_reset_are_made_again(house: House) -> None:
    await begun(house)
    for place in range(4):
        await house.lines.redis.reset()
        house.lines.redis.cut(place)
        await asyncio.sleep(0.2)
    await ends_well_without_repeats(house)
