"""Workers that die, stand still or are told to go, in the middle of a mailing."""

import asyncio
import os
import signal
from datetime import timedelta

from arq.constants import in_progress_key_prefix

from core import clock
from local.faults import Faults
from tests import factories
from tests.faults import desk
from tests.faults.house import PATIENT, House, is_at_work
from tests.faults.scene import eventually

CLIENTS = 200
BOTH = ("sending_api", "email")
LANES = {b"personal", b"bulk"}
SLOW = Faults(latency_seconds=0.1)
"""So that there is a middle."""


async def begun(house: House, count: int = CLIENTS // 4) -> None:
    """Launch a mailing by both channels and wait until some of it is out."""
    house.outside.faults = SLOW
    await factories.clients(CLIENTS, said=factories.with_email)
    await desk.create(house, channels=BOTH)
    await eventually(lambda: house.outside.ledger.count >= count)


async def test_workers_that_are_killed_lose_nothing(house: House) -> None:
    await house.staffed(2)
    await begun(house, 16)
    for worker in house.workers:
        worker.kill()
    await house.staffed()
    evidence = await house.ends_well()
    assert {row["status"] for row in evidence.messages} == {"sent"}


async def test_a_worker_that_stands_still_for_longer_than_its_lease_does_no_harm(
    house: House,
) -> None:
    still, _ = await house.staffed(2)
    await begun(house)
    os.kill(still.pid, signal.SIGSTOP)
    # The other one takes over what the first holds, once its leases have run out.
    await house.over()
    os.kill(still.pid, signal.SIGCONT)
    assert await asyncio.to_thread(still.stop), "it has to come to its senses and end"
    evidence = await house.ends_well()
    assert {row["status"] for row in evidence.messages} == {"sent"}


async def test_a_worker_that_wakes_after_the_end_sends_nothing_more(house: House) -> None:
    still, _ = await house.staffed(2)
    house.outside.faults = Faults(latency_seconds=0.5)
    await factories.clients(CLIENTS)
    mailing_id = await desk.create(house)
    await eventually(lambda: house.outside.ledger.count >= 16)
    os.kill(still.pid, signal.SIGSTOP)
    await desk.edit(house, mailing_id, end_at=clock.now() + timedelta(seconds=2))
    await house.over()
    os.kill(still.pid, signal.SIGCONT)
    assert await asyncio.to_thread(still.stop)
    evidence = await house.ends_well()
    assert {row["status"] for row in evidence.messages} <= {"sent", "expired", "uncertain"}


async def test_a_worker_that_is_told_to_go_ends_what_it_began_and_gives_back_the_rest(
    house: House,
) -> None:
    await house.stop()
    leaving = house.worker(**PATIENT)
    await eventually(lambda: is_at_work(leaving))
    await begun(house)
    assert await asyncio.to_thread(leaving.stop, 20), "it has to drain within its limit"
    assert leaving.code == 0
    rows = (await house.evidence()).messages
    assert {row["status"] for row in rows} == {"pending", "sent"}
    assert not any(row["maybe_sent"] or row.get("lease") for row in rows)
    house.worker(**PATIENT)
    await house.ends_well()
    assert house.outside.ledger.repeats == house.sink.ledger.repeats == 0


async def test_a_worker_that_is_told_to_go_doesnt_wait_for_who_never_answers(
    house: House,
) -> None:
    (leaving,) = await house.staffed()
    await begun(house, 16)
    house.lines.api.blackhole()
    house.lines.smtp.blackhole()
    assert await asyncio.to_thread(leaving.stop, 20), "it has to go within its limit"
    assert leaving.code == 0
    await house.heal()
    await house.staffed()
    evidence = await house.ends_well()
    assert {row["status"] for row in evidence.messages} == {"sent"}


async def test_a_worker_that_dies_over_the_work_of_another_doesnt_hold_that_one_up(
    house: House,
) -> None:
    """All workers of a lane take jobs from one queue; arq's lock of one outlives who runs it."""
    await house.staffed()
    locks: set[bytes] = set()

    async def has_seen_the_usual() -> bool:
        locks.update(await house.parts.redis.keys(f"{in_progress_key_prefix}*"))
        return {lane for lane in LANES for key in locks if lane in key} == LANES

    await eventually(has_seen_the_usual)
    for _ in range(10):
        # A job that just ends takes its lock away; one whose worker was killed doesn't.
        await house.parts.redis.mset(dict.fromkeys(locks, b"1"))
        await asyncio.sleep(0.1)
    await factories.clients(10)
    house.outside.faults = Faults(down="503")
    await desk.create(house, end_at=clock.now() + timedelta(seconds=2))
    await house.ends_well()
