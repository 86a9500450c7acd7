"""Control of a mailing while launchers and sweeps work on it."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from bson import ObjectId

from core import clock
from core.parts import Parts
from models.mailing import MailingStatus
from rules.message import Status
from services import control, launch, mailings, messages, sweep
from tests import factories
from tests.factories import HOUR, created, id_of
from tests.services.looking import counted, rows, wholly_launched

COUNT = 3_000

pytestmark = pytest.mark.usefixtures("slow")


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A launch of very many small batches, in one turn however long it takes."""
    monkeypatch.setattr(launch, "BATCH", 10)
    monkeypatch.setattr(launch, "TURN_SECONDS", 300.0)


async def launching(parts: Parts) -> tuple[ObjectId, list[ObjectId], "asyncio.Task[int]"]:
    """A mailing of which the first messages are made, and who makes the others."""
    clients = await factories.clients(COUNT)
    mailing_id = id_of(await created(parts))
    launcher = asyncio.create_task(launch.launch(parts, mailing_id))
    while not launcher.done() and not await messages.collection().find_one({}):
        await asyncio.sleep(0.01)
    return mailing_id, clients, launcher


async def test_a_launch_under_way_rests_and_goes_on(parts: Parts) -> None:
    mailing_id, clients, launcher = await launching(parts)
    paused = await control.pause(parts, mailing_id, "o")
    await launcher
    made = len(await rows())
    assert paused.status is MailingStatus.PAUSED
    assert not paused.launch.expanded
    assert made < COUNT
    assert await launch.launch(parts, mailing_id) == 0
    resumed = await control.resume(parts, mailing_id, "o")
    assert resumed.status is MailingStatus.RUNNING
    assert await launch.launch(parts, mailing_id) == COUNT - made
    assert await wholly_launched(parts, mailing_id, clients, ("sending_api",))


async def test_a_launch_under_way_is_cancelled_with_all_that_it_made(parts: Parts) -> None:
    mailing_id, _, launcher = await launching(parts)
    await control.cancel(parts, mailing_id, "o")
    await launcher

    async def swept() -> bool:
        await sweep.sweep(parts, messages.BULK)
        mailing = await mailings.get(mailing_id)
        return mailing is not None and mailing.settled

    async with asyncio.timeout(30):
        while not await swept():
            await asyncio.sleep(0.01)
    made = len(await rows())
    assert 0 < made < COUNT
    assert await counted(parts, mailing_id) == {Status.CANCELLED: made}


async def test_changes_get_through_while_a_launch_holds_the_mailing(parts: Parts) -> None:
    mailing_id, clients, launcher = await launching(parts)
    changes = 0
    while not launcher.done() and changes < 20:
        await mailings.update(parts, mailing_id, {"text": str(changes)})
        changes += 1
    await launcher
    await launch.launch(parts, mailing_id)  # what its turn was too short for
    assert changes > 0
    assert await wholly_launched(parts, mailing_id, clients, ("sending_api",))


class Still(clock.DatabaseClock):
    """A clock that stands."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self._at = at

    def now(self) -> datetime:
        return self._at


async def test_a_pause_holds_while_an_api_whose_clock_is_late_can_move_its_end(
    parts: Parts,
) -> None:
    mailing_id = await factories.launched(parts, 2)
    paused = await control.pause(parts, mailing_id, "o")
    late = timedelta(seconds=clock.VAGUE_SECONDS)
    await sweep.sweep(replace(parts, database_clock=Still(paused.end_at + late)), messages.BULK)
    api = replace(parts, database_clock=Still(paused.end_at - timedelta(milliseconds=1)))
    moved = await mailings.update(api, mailing_id, {"end_at": paused.end_at + HOUR})
    assert moved.status is MailingStatus.PAUSED
    await sweep.sweep(replace(parts, database_clock=Still(moved.end_at + 2 * late)), messages.BULK)
    assert await counted(parts, mailing_id) == {Status.EXPIRED: 2}
