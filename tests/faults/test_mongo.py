"""MongoDB that dies, falls silent or loses connections, in the middle of a mailing."""

import asyncio
import random
from functools import partial

from local.faults import Faults
from tests import factories
from tests.faults import desk
from tests.faults.house import LEASE_SECONDS, House, is_at_work, restart
from tests.faults.proxy import Proxy
from tests.faults.scene import eventually

CLIENTS = 200
BOTH = ("sending_api", "email")


async def begun(house: House) -> None:
    """Let two workers begin a mailing by both channels."""
    await house.staffed(2)
    house.outside.faults = Faults(latency_seconds=0.1)
    await factories.clients(CLIENTS, said=factories.with_email)
    await desk.create(house, channels=BOTH)
    await eventually(lambda: house.outside.ledger.count >= CLIENTS // 4)


async def test_a_mongodb_that_is_killed_and_comes_back_has_lost_nothing(house: House) -> None:
    await begun(house)
    house.mongod.kill()
    count = house.outside.ledger.count
    await restart(house.mongod)
    await eventually(lambda: house.outside.ledger.count > count)
    evidence = await house.ends_well()
    assert {row["status"] for row in evidence.messages} == {"sent"}


async def test_a_mongodb_that_falls_silent_for_longer_than_a_lease_loses_nothing(
    house: House,
) -> None:
    await begun(house)
    house.lines.mongo.blackhole()
    await asyncio.sleep(LEASE_SECONDS + 1)
    await house.lines.mongo.heal()
    evidence = await house.ends_well()
    assert {row["status"] for row in evidence.messages} == {"sent"}


async def test_connections_that_are_reset_and_replies_that_are_cut_lose_nothing(
    house: House,
) -> None:
    drawn = random.Random(1)
    await begun(house)
    for _ in range(8):
        before = house.lines.mongo.connections
        await house.lines.mongo.reset()
        await eventually(partial(has_more, house.lines.mongo, before))
        house.lines.mongo.cut(drawn.randrange(200))
        await asyncio.sleep(drawn.random() / 4)
    evidence = await house.ends_well()
    assert {row["status"] for row in evidence.messages} == {"sent"}


def has_more(line: Proxy, before: int) -> bool:
    """Whether somebody has connected again."""
    return line.connections > before


async def test_a_worker_that_cannot_read_of_a_pause_stops_all_the_same(house: House) -> None:
    await house.stop()
    worker = house.worker(LEASE_SECONDS="30")
    await eventually(lambda: is_at_work(worker))
    house.outside.faults = Faults(latency_seconds=2)
    await factories.clients(CLIENTS * 2)
    mailing_id = await desk.create(house)
    await eventually(lambda: house.door.inside)
    house.lines.mongo.blackhole()
    await desk.pause(house, mailing_id)
    await asyncio.sleep(6)
    await house.lines.mongo.heal()
    house.outside.faults = Faults()
    await desk.resume(house, mailing_id)
    evidence = await house.ends_well()
    assert {row["status"] for row in evidence.messages} == {"sent"}
