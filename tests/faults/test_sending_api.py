"""A sending API that fails in every way it can."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import pytest

from core import clock, mongo
from local.faults import Faults
from models.mailing import LocalWindow
from tests import factories
from tests.faults import desk
from tests.faults.evidence import Evidence
from tests.faults.house import PATIENT, House
from tests.faults.scene import eventually

CLIENTS = 200


async def mailed(
    house: House, faults: Faults, clients: int = CLIENTS, settings: Mapping[str, str] = {}
) -> Evidence:
    """What became of a mailing under a fault that stays."""
    await house.staffed(settings=settings)
    house.outside.faults = faults
    await factories.clients(clients)
    await desk.create(house)
    return await house.ends_well()


def statuses(evidence: Evidence) -> set[str]:
    return {row["status"] for row in evidence.messages}


async def test_what_the_provider_didnt_take_is_sent_later_and_once(house: House) -> None:
    refusals = Faults(
        seed=1,
        error_rate=0.06,
        garbage_before_rate=0.06,
        unauthorized_rate=0.06,
        too_many_rate=0.06,
        reset_before_rate=0.06,
    )
    evidence = await mailed(house, refusals, settings=PATIENT)
    assert statuses(evidence) == {"sent"}
    codes = {attempt["code"] for attempt in evidence.attempts}
    assert codes == {"200", "500", "garbage", "401", "429", "reset"}
    assert house.outside.ledger.repeats == 0


async def test_what_the_provider_took_without_saying_so_is_repeated_as_the_same(
    house: House,
) -> None:
    losses = Faults(
        seed=2,
        garbage_after_rate=0.06,
        error_after_rate=0.06,
        cut_rate=0.06,
        break_rate=0.06,
        reset_rate=0.06,
    )
    assert statuses(await mailed(house, losses)) == {"sent"}
    assert house.outside.ledger.repeats > 0


async def test_a_provider_that_hangs_holds_up_only_what_it_hangs_on(house: House) -> None:
    hanging = Faults(seed=3, hang_rate=0.1, hang_after_rate=0.1)
    assert statuses(await mailed(house, hanging, 60)) == {"sent"}


async def test_what_the_provider_refuses_has_failed(house: House) -> None:
    evidence = await mailed(house, Faults(seed=4, refuse_rate=0.1))
    assert statuses(evidence) == {"sent", "failed"}


async def test_a_provider_that_asks_for_a_pause_gets_it(house: House) -> None:
    await house.staffed()
    house.outside.faults = Faults(too_many_rate=1, retry_after_seconds=30)
    await factories.clients(4)
    await desk.create(house)
    tries = mongo.database(house.parts.mongo)["attempts"]
    await eventually(lambda: tries.find_one({"code": "429"}))
    evidence = await house.evidence()
    rows = {row["_id"]: row for row in evidence.messages if row["status"] == "pending"}
    for attempt in evidence.attempts:
        if attempt["message_id"] in rows:
            pause = rows[attempt["message_id"]]["due_at"] - attempt["started_at"]
            assert pause >= timedelta(seconds=30)
    await house.heal()
    assert statuses(await house.ends_well()) == {"sent"}


async def test_a_provider_that_goes_away_and_comes_back_gets_everything(house: House) -> None:
    await house.staffed()
    house.outside.faults = Faults(latency_seconds=0.1)
    await factories.clients(CLIENTS)
    await desk.create(house)
    await eventually(lambda: house.outside.ledger.count >= CLIENTS // 4)
    await house.lines.api.refuse()
    await asyncio.sleep(1)
    await house.lines.api.heal()
    assert statuses(await house.ends_well()) == {"sent"}


async def test_hours_of_outage_cost_hardly_any_attempts(house: House) -> None:
    """Time is moved on by moving what is due, and the breaker's next look, to earlier.

    What the workers do between is theirs: they know nothing of it but that it is time.
    """
    await house.staffed(settings=PATIENT)
    await house.lines.api.refuse()
    await factories.clients(CLIENTS)
    await desk.create(house, end_at=clock.now() + timedelta(days=1))
    tries = mongo.database(house.parts.mongo)["attempts"]
    before = 0
    for _ in range(8):

        async def tried(before: int = before) -> bool:
            await house.hurry()
            return await tries.count_documents({}) > before

        await eventually(tried)
        before = await tries.count_documents({})
    wasted = before
    await house.lines.api.heal()
    assert statuses(await house.ends_well()) == {"sent"}
    assert wasted < CLIENTS, "each message was tried during the outage"
    assert house.outside.ledger.repeats == 0


@pytest.mark.parametrize(
    "faults",
    [Faults(down="503"), Faults(reset_rate=1)],
    ids=["never reached", "never answered"],
)
async def test_what_an_outage_left_at_the_end_stays_away(house: House, faults: Faults) -> None:
    await house.staffed()
    house.outside.faults = faults
    await factories.clients(CLIENTS)
    mailing_id = await desk.create(house)
    tries = mongo.database(house.parts.mongo)["attempts"]
    await eventually(lambda: tries.find_one({}))
    await desk.edit(house, mailing_id, end_at=clock.now() + timedelta(seconds=2))
    await house.over()
    await house.heal()
    evidence = await house.ends_well()
    assert statuses(evidence) <= {"expired", "uncertain"}
    assert ("expired" if faults.down else "uncertain") in statuses(evidence)
    took = {one.key for one in evidence.accepted}
    unsure = {row["number"] for row in evidence.messages if row["status"] == "uncertain"}
    assert took <= unsure


async def test_only_clients_whose_local_time_is_in_the_window_are_reached(house: House) -> None:
    await house.staffed()
    now = clock.now()
    hours = [(now + timedelta(hours=shift)).strftime("%H:%M") for shift in (-1, 1)]

    def by_turns(number: int) -> dict[str, str]:
        return {"time_zone": "Asia/Tokyo" if number % 2 else "UTC"}

    await factories.clients(CLIENTS, said=by_turns)
    window = LocalWindow(opens=hours[0], closes=hours[1])
    mailing_id = await desk.create(house, window=window)
    await eventually(lambda: house.outside.ledger.count >= CLIENTS // 2)
    await desk.edit(house, mailing_id, end_at=clock.now() + timedelta(seconds=2))
    evidence = await house.ends_well()
    zones = {client["_id"]: client["time_zone"] for client in evidence.clients}
    reached = {zones[row["client_id"]] for row in evidence.messages if row["status"] == "sent"}
    assert reached == {"UTC"}


async def test_the_end_comes_in_the_middle_and_nothing_follows(house: House) -> None:
    await house.staffed(2)
    house.outside.faults = Faults(latency_seconds=0.4)
    await factories.clients(2 * CLIENTS)
    mailing_id = await desk.create(house)
    await eventually(lambda: house.outside.ledger.count)
    await desk.edit(house, mailing_id, end_at=clock.now() + timedelta(seconds=2))
    evidence = await house.ends_well()
    assert statuses(evidence) >= {"sent", "expired"}
