"""Local-time windows from launch to delivery, by the wall clocks of clients all over the world."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from channels.sending_api import SendingApi
from core import clock
from core.parts import Parts
from local.faults import Faults
from local.outside import Outside
from models.mailing import LocalWindow
from rules import window as rules
from rules.message import Status
from services import clients, messages, sweep, windows
from services.messages import BULK
from tests import factories
from tests.factories import HOUR
from tests.services.looking import counted, rows
from tests.services.pumping import run

pytestmark = pytest.mark.usefixtures("impatient")

ZONES = ("UTC", "Europe/Moscow", "Asia/Kolkata", "Pacific/Kiritimati", "Pacific/Honolulu")
"""Kiritimati and Honolulu have the same time of day, a day apart."""
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def around(zone: str, opens: timedelta, closes: timedelta) -> LocalWindow:
    """The window that opens and closes so long after this minute, on the clock of a zone."""
    now = clock.now()
    times = [f"{(now + after).astimezone(ZoneInfo(zone)):%H:%M}" for after in (opens, closes)]
    return LocalWindow(opens=times[0], closes=times[1])


def wide_open(zone: str = "UTC") -> LocalWindow:
    """Open from ten minutes ago for ten minutes more."""
    return around(zone, -10 * MINUTE, 10 * MINUTE)


def closed(zone: str = "UTC") -> LocalWindow:
    """Opens in ten minutes for as long."""
    return around(zone, 10 * MINUTE, 20 * MINUTE)


def in_zone(*zones: str) -> Any:
    return lambda number: {"time_zone": zones[number % len(zones)]}


async def launched(
    parts: Parts, window: LocalWindow, *zones: str, count: int = 0
) -> tuple[ObjectId, list[ObjectId]]:
    """A running mailing of two days to clients in these zones; and those."""
    client_ids = await factories.clients(count or len(zones), said=in_zone(*zones))
    end_at = clock.now() + 2 * DAY
    return await factories.launched(parts, 0, window=window, end_at=end_at), client_ids


def later(parts: Parts, by: timedelta) -> None:
    parts.database_clock.observe(clock.now() + by)


async def by_client() -> dict[ObjectId, dict[str, Any]]:
    return {row["client_id"]: row for row in await rows()}


def is_open(window: LocalWindow, zone: str, now: datetime) -> bool:
    return rules.is_open(rules.window(window.opens, window.closes), zone, now)


async def test_rows_are_due_when_the_clients_own_window_opens(parts: Parts) -> None:
    window, before = closed(), clock.now()
    _, ids = await launched(parts, window, *ZONES)
    stored = await by_client()
    for client_id, zone in zip(ids, ZONES, strict=True):
        row = stored[client_id]
        opening = rules.opens_at(rules.window(window.opens, window.closes), zone, before)
        assert row["due_at"] == opening > before
        assert row["why"] == windows.WAITING
        assert f"{row['due_at'].astimezone(ZoneInfo(zone)):%H:%M}" == window.opens
    # A day apart by the calendar, but together by the clock.
    assert stored[ids[3]]["due_at"] == stored[ids[4]]["due_at"]


async def test_open_ones_are_sent_at_once_and_closed_ones_when_they_open(
    parts: Parts, outside: Outside, api: SendingApi
) -> None:
    mailing_id, ids = await launched(parts, wide_open("Asia/Tokyo"), "Asia/Tokyo", "UTC")
    stored = await by_client()
    assert (stored[ids[0]]["why"], stored[ids[1]]["why"]) == ("", windows.WAITING)
    assert await run(parts, api) == 1
    assert [entry["phone"] for entry in outside.ledger.entries()] == [int(factories.phone(0))]
    assert not await sweep.work_is_due(parts, BULK)
    later(parts, stored[ids[1]]["due_at"] - clock.now())
    assert await sweep.work_is_due(parts, BULK)
    assert await run(parts, api) == 1
    assert await counted(parts, mailing_id) == {Status.SENT: 2}


async def test_a_window_over_midnight_is_open_on_both_sides_of_it(
    parts: Parts, outside: Outside, api: SendingApi
) -> None:
    """All the day but for ten minutes, so that it goes over midnight at almost any hour."""
    window = around("UTC", -10 * MINUTE, -20 * MINUTE)
    await launched(parts, window, "UTC")
    assert await run(parts, api) == outside.ledger.count == 1


async def test_a_client_that_moved_out_of_its_window_is_put_off_at_the_last_moment(
    parts: Parts, outside: Outside, api: SendingApi
) -> None:
    mailing_id, ids = await launched(parts, wide_open(), "UTC", "UTC")
    await clients.update(ids[0], {"time_zone": "Asia/Tokyo"})
    assert await run(parts, api) == 2
    assert outside.ledger.count == 1
    row = (await by_client())[ids[0]]
    assert (row["status"], row["why"], row["attempts"]) == ("pending", windows.WAITING, 0)
    assert clock.now() < row["due_at"] <= clock.now() + DAY
    assert not await sweep.work_is_due(parts, BULK)
    later(parts, row["due_at"] - clock.now())
    assert await run(parts, api) == 1
    assert await counted(parts, mailing_id) == {Status.SENT: 2}


async def test_a_client_that_moved_into_an_open_window_is_looked_at_again(
    parts: Parts, outside: Outside, api: SendingApi
) -> None:
    mailing_id, ids = await launched(parts, wide_open("Asia/Tokyo"), "UTC", "UTC", "UTC")
    assert await run(parts, api) == 0
    await clients.update(ids[0], {"time_zone": "Asia/Tokyo"})
    await clients.update(ids[1], {"time_zone": "Africa/Lagos"})
    assert await run(parts, api) == 2
    assert [entry["phone"] for entry in outside.ledger.entries()] == [int(factories.phone(0))]
    assert await counted(parts, mailing_id) == {Status.SENT: 1, Status.PENDING: 2}
    assert {row["why"] for row in await rows(status="pending")} == {windows.WAITING}


async def test_a_move_brings_forward_only_what_waits_for_the_window(parts: Parts) -> None:
    _, ids = await launched(parts, closed(), "UTC", "UTC")
    wish = {"due_at": clock.now() + HOUR, "why": "not_accepted: 429"}
    await messages.collection().update_one({"client_id": ids[0]}, {"$set": wish})
    waiting = (await by_client())[ids[1]]
    await clients.update(ids[0], {"time_zone": "Asia/Tokyo"})
    stored = await by_client()
    assert stored[ids[0]]["due_at"] == wish["due_at"]
    assert stored[ids[1]] == waiting
    await clients.update(ids[1], {"email": "a@example.com"})
    assert await by_client() == stored


async def test_a_send_is_cut_off_at_the_closing_and_goes_on_at_the_next_opening(
    parts: Parts, outside: Outside, api: SendingApi
) -> None:
    window = wide_open()
    mailing_id, _ = await launched(parts, window, "UTC")
    closing = rules.closes_at(rules.window(window.opens, window.closes), "UTC", clock.now())
    outside.faults = Faults(hang_rate=1)
    later(parts, closing - clock.now() - timedelta(seconds=3))
    assert await run(parts, api) == 1
    (row,) = await rows()
    assert (row["why"], row["maybe_sent"], row["attempts"]) == ("unknown: timeout", True, 1)
    # The provider is well again, but the window is closed until tomorrow.
    outside.faults = Faults()
    later(parts, closing - clock.now() + HOUR)
    assert await run(parts, api) == 1
    (row,) = await rows()
    assert (row["why"], row["attempts"]) == (windows.WAITING, 1)
    later(parts, row["due_at"] - clock.now())
    await run(parts, api)
    assert await counted(parts, mailing_id) == {Status.SENT: 1}
    assert outside.ledger.count == 1


async def test_right_before_the_closing_nothing_is_begun(
    parts: Parts, outside: Outside, api: SendingApi
) -> None:
    window = wide_open()
    await launched(parts, window, "UTC")
    closing = rules.closes_at(rules.window(window.opens, window.closes), "UTC", clock.now())
    later(parts, closing - clock.now() - timedelta(seconds=0.9))
    while await sweep.work_is_due(parts, BULK):
        await run(parts, api)
    (row,) = await rows()
    assert (row["why"], row["attempts"]) == (windows.WAITING, 0)
    assert row["due_at"] >= closing
    assert outside.ledger.count == 0


async def test_nothing_is_accepted_outside_the_window_at_any_hour_of_two_days(
    parts: Parts, outside: Outside, api: SendingApi
) -> None:
    """Each hour a mailing to all zones; whatever leaves must be inside the client's own window."""
    window = LocalWindow(opens="22:30", closes="01:15")
    zones = ("UTC", "Asia/Kathmandu", "America/St_Johns", "Pacific/Chatham", "Pacific/Kiritimati")
    mailing_id, ids = await launched(parts, window, *zones, count=40)
    zone_of = {int(factories.phone(n)): zones[n % len(zones)] for n in range(len(ids))}
    seen = 0
    for half_hours in range(52):
        later(parts, half_hours * HOUR / 2)
        before = parts.database_clock.now()
        await run(parts, api)
        after = parts.database_clock.now()
        for entry in outside.ledger.entries()[seen:]:
            zone = zone_of[entry["phone"]]
            assert is_open(window, zone, before) or is_open(window, zone, after)
        seen = outside.ledger.count
    assert await counted(parts, mailing_id) == {Status.SENT: 40}


@given(
    st.sampled_from(["UTC", "Asia/Tokyo", "America/New_York", "Australia/Lord_Howe", "Gone/Zone"]),
    st.times().map(lambda time: f"{time:%H:%M}"),
    st.times().map(lambda time: f"{time:%H:%M}"),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001 - made aware below
)
def test_what_is_due_now_is_inside_its_window_and_what_waits_is_due_inside_it(
    zone: str, opens: str, closes: str, moment: datetime
) -> None:
    if opens == closes:
        return
    now = clock.cut(moment.replace(tzinfo=ZoneInfo("UTC")))
    known = "UTC" if zone == "Gone/Zone" else zone
    said, window = {"opens": opens, "closes": closes}, rules.window(opens, closes)
    due = windows.due_at(said, zone, now)
    assert due >= now
    assert rules.is_open(window, known, due)
    assert (due == now) == rules.is_open(window, known, now)
    assert windows.due_at(None, zone, now) == now
    if due == now:
        closing = windows.closes_at(said, zone, now)
        assert closing > now
        assert rules.is_open(window, known, closing - timedelta(milliseconds=1))
        assert closing == rules.closes_at(window, known, now)
