"""A window that changes while its mailing runs: the sweep gives new times to what waits for it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId
from pymongo.errors import AutoReconnect

from core import clock
from core.parts import Parts
from models.mailing import LocalWindow, Mailing, MailingStatus
from services import (
    control,
    launch,
    mailings,
    messages,
    objections,
    recipients,
    results,
    sweep,
    windows,
)
from services.messages import BULK
from tests import factories
from tests.factories import HOUR
from tests.services.interludes import Interludes
from tests.services.looking import rows
from tests.services.pumping import API, claim
from tests.services.test_windows import by_client, closed, later, launched, wide_open


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "BATCH", 4)
    monkeypatch.setattr(windows, "NOTICED_SECONDS", 0.0)


async def stored(mailing_id: ObjectId) -> Mailing:
    found = await Mailing.get(mailing_id)
    assert found is not None
    return found


def soon() -> datetime:
    """A minute from now: a test may have moved the database's clock a little."""
    return clock.now() + timedelta(minutes=1)


async def waiting() -> int:
    """How many rows are not due yet."""
    return await messages.collection().count_documents({"due_at": {"$gt": soon()}})


async def changed(parts: Parts, mailing_id: ObjectId, window: LocalWindow | None) -> None:
    assert (await mailings.update(parts, mailing_id, {"window": window})).redue


async def test_a_window_that_opens_now_makes_all_due_in_several_batches(parts: Parts) -> None:
    mailing_id, _ = await launched(parts, closed(), "UTC", count=10)
    await changed(parts, mailing_id, wide_open())
    left = [await windows.move(parts, mailing_id) for _ in range(4)]
    assert left == [True, True, False, False]
    assert await waiting() == 0
    mailing = await stored(mailing_id)
    assert (mailing.redue, mailing.redue_after) == (False, None)


async def test_a_window_taken_away_makes_all_due(parts: Parts) -> None:
    mailing_id, _ = await launched(parts, closed(), "UTC", count=8)
    await changed(parts, mailing_id, None)
    await sweep.sweep(parts, BULK)
    assert await waiting() == 0
    assert not (await stored(mailing_id)).redue


async def test_each_client_gets_the_time_of_its_own_zone(parts: Parts) -> None:
    zones = ("UTC", "Asia/Tokyo", "America/Lima")
    mailing_id, ids = await launched(parts, closed(), *zones, count=9)
    window = wide_open("Asia/Tokyo")
    await changed(parts, mailing_id, window)
    before = clock.now()
    await sweep.sweep(parts, BULK)
    rows_now = await by_client()
    for place, client_id in enumerate(ids):
        due = rows_now[client_id]["due_at"]
        opening = windows.due_at(window.model_dump(), zones[place % 3], before)
        assert (due <= clock.now()) if place % 3 == 1 else (due == opening > clock.now())


async def test_only_what_waits_for_the_window_gets_another_time(parts: Parts) -> None:
    mailing_id, ids = await launched(parts, closed(), "UTC", count=6)
    wish = {"due_at": clock.now() + HOUR, "why": "not_accepted: 429"}
    wished = {"client_id": {"$in": ids[:2]}}
    await messages.collection().update_many(wished, {"$set": wish})
    due = {"client_id": ids[2]}
    await messages.collection().update_one(due, {"$set": {"due_at": clock.now()}})
    (held,) = await claim(parts, mailing_id)
    await changed(parts, mailing_id, wide_open())
    await sweep.sweep(parts, BULK)
    assert [row["due_at"] for row in await rows(**wished)] == [wish["due_at"]] * 2
    assert await rows(**due) == [held.row]
    assert await waiting() == 2


async def test_it_goes_on_where_it_was_cut_off(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailing_id, _ = await launched(parts, closed(), "UTC", count=10)
    await changed(parts, mailing_id, wide_open())
    assert await windows.move(parts, mailing_id)
    mailing = await stored(mailing_id)
    assert mailing.redue and mailing.redue_after is not None
    assert mailing.redue_after.version == mailing.version
    assert await waiting() == 6
    monkeypatch.setattr(sweep, "TURN_SECONDS", 0.0)
    await sweep.sweep(parts, BULK)
    assert await waiting() == 6
    monkeypatch.setattr(sweep, "TURN_SECONDS", 60.0)
    await sweep.sweep(parts, BULK)
    assert (await waiting(), (await stored(mailing_id)).redue) == (0, False)


async def test_what_is_put_off_by_the_old_window_after_the_change_gets_its_new_time_too(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "NOTICED_SECONDS", 3.0)
    mailing_id, _ = await launched(parts, wide_open(), "UTC", count=2)
    held = await claim(parts, mailing_id)
    await recipients.look_up(held, API)
    await changed(parts, mailing_id, closed())
    old = await mailings.collection().find_one({"_id": mailing_id})
    await changed(parts, mailing_id, None)
    await sweep.sweep(parts, BULK)
    found = [objections.find(one, old, parts.database_clock.now()) for one in held]
    assert await results.write(parts, [change for change in found if change is not None]) == 2
    assert await waiting() == 2
    later(parts, timedelta(seconds=4))
    await sweep.sweep(parts, BULK)
    assert (await waiting(), (await stored(mailing_id)).redue) == (0, False)


async def test_another_change_starts_it_all_over(parts: Parts) -> None:
    mailing_id, _ = await launched(parts, closed(), "UTC", count=10)
    await changed(parts, mailing_id, wide_open())
    assert await windows.move(parts, mailing_id)
    window = closed("Asia/Tokyo")
    await changed(parts, mailing_id, window)
    await sweep.sweep(parts, BULK)
    opening = windows.due_at(window.model_dump(), "UTC", clock.now())
    assert {row["due_at"] for row in await rows()} == {opening}
    assert not (await stored(mailing_id)).redue


async def test_a_sweep_that_dies_at_any_step_is_continued(
    parts: Parts, interludes: Interludes
) -> None:
    mailing_id, _ = await launched(parts, closed(), "UTC", count=10)
    await changed(parts, mailing_id, wide_open())

    def die() -> None:
        raise KeyboardInterrupt

    for command, collection in (("find", "messages"), ("update", "messages")):
        interludes.before(command, collection, die)
        with pytest.raises((KeyboardInterrupt, AutoReconnect)):
            await windows.move(parts, mailing_id)
    await sweep.sweep(parts, BULK)
    assert (await waiting(), (await stored(mailing_id)).redue) == (0, False)


async def test_a_paused_mailing_gets_its_new_times_as_well(parts: Parts) -> None:
    mailing_id, _ = await launched(parts, closed(), "UTC", count=6)
    await control.pause(parts, mailing_id, "o")
    await changed(parts, mailing_id, wide_open())
    await sweep.sweep(parts, BULK)
    assert (await waiting(), (await stored(mailing_id)).redue) == (0, False)
    assert (await stored(mailing_id)).status is MailingStatus.PAUSED


async def test_a_window_changed_in_the_middle_of_a_launch_reaches_every_row(
    parts: Parts, prepared: Any, monkeypatch: pytest.MonkeyPatch, interludes: Interludes
) -> None:
    """The rows of a batch are timed, then the window changes and is swept, then they are stored."""
    monkeypatch.setattr(launch, "BATCH", 3)
    await factories.clients(9)
    end_at = clock.now() + 30 * HOUR
    made = await factories.created(parts, window=closed(), end_at=end_at)
    mailing_id = factories.id_of(made)
    window = wide_open()

    def change() -> None:
        values = {"window": window.model_dump(), "redue": False}
        prepared.mailings.update_one({}, {"$set": values, "$inc": {"version": 1}})

    # The first look is for the newest client, the second one for those of the batch.
    interludes.before("find", "clients", lambda: interludes.before("find", "clients", change))
    await launch.launch(parts, mailing_id)
    while await sweep.to_launch(parts):
        await launch.launch(parts, mailing_id)
    assert len(await rows()) == 9
    assert await waiting() == 0


async def test_by_the_time_of_the_database_the_next_opening_is_found(parts: Parts) -> None:
    mailing_id, _ = await launched(parts, closed(), "UTC", count=5)
    later(parts, 12 * HOUR)
    await changed(parts, mailing_id, closed("Asia/Tokyo"))
    await sweep.sweep(parts, BULK)
    for row in await rows():
        assert row["due_at"] > parts.database_clock.now()
