"""Windows by the users' own clocks, from launch to claim, and what a change of zone moves."""

from typing import Any

import pytest
from bson import ObjectId

from core import clock
from core.parts import Parts
from rules.audience import Audience
from rules.message import Route
from services import (
    audiences,
    mailings,
    messages,
    objections,
    people,
    previews,
    recipients,
    sweep,
    windows,
)
from services.messages import BULK
from services.new_send import Recipient
from services.new_user import NewUser
from tests import factories
from tests.factories import HOUR
from tests.services.looking import rows
from tests.services.sending import send, to
from tests.services.test_windows import closed, wide_open

TOKYO = {"time_zone": "Asia/Tokyo"}


def by_turns(number: int) -> dict[str, Any]:
    """Every second one in Tokyo, and the others as they were stored before there were zones."""
    return TOKYO if number % 2 else {}


async def move(parts: Parts, user_id: ObjectId, zone: str) -> None:
    await people.save(parts, "o", NewUser(str(user_id), {"time_zone": zone}))


async def wide(parts: Parts, **said: Any) -> ObjectId:
    """A mailing of two days to all users."""
    end_at = clock.now() + 48 * HOUR
    said = {"all_users": True, "channels": ("email",), "end_at": end_at, **said}
    return await factories.launched(parts, 0, **said)


async def due() -> dict[ObjectId, Any]:
    """When each user's message is due; None: now."""
    now = clock.now()
    found = await rows(status="pending")
    return {row["user_id"]: row["due_at"] if row["due_at"] > now else None for row in found}


def opening(window: Any, zone: str) -> Any:
    return windows.due_at(window.model_dump(), zone, clock.now())


async def test_a_launch_goes_by_each_users_clock(parts: Parts) -> None:
    in_utc, in_tokyo = await factories.users(2, by_turns)
    window = wide_open("Asia/Tokyo")
    await wide(parts, window=window)
    assert await due() == {in_tokyo: None, in_utc: opening(window, "UTC")}


async def test_a_change_of_the_window_goes_by_each_users_clock(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "NOTICED_SECONDS", 0.0)
    in_utc, in_tokyo = await factories.users(2, by_turns)
    mailing_id = await wide(parts, window=closed())
    window = wide_open("Asia/Tokyo")
    await mailings.update(parts, mailing_id, {"window": window})
    await sweep.sweep(parts, BULK)
    assert await due() == {in_tokyo: None, in_utc: opening(window, "UTC")}


async def test_a_user_that_moves_into_an_open_window_is_looked_at_again(parts: Parts) -> None:
    moving, staying = await factories.users(2)
    window = wide_open("Asia/Tokyo")
    await wide(parts, window=window)
    await move(parts, moving, "Asia/Tokyo")
    assert await due() == {moving: None, staying: opening(window, "UTC")}


async def test_a_save_that_says_no_zone_moves_nothing(parts: Parts) -> None:
    (user_id,) = await factories.users(1)
    await wide(parts, window=closed())
    before = await rows()
    await people.save(parts, "o", NewUser(str(user_id), {"locale": "de"}))
    assert await rows() == before


async def test_a_user_that_moves_out_of_its_window_is_put_off_at_the_claim(parts: Parts) -> None:
    (user_id,) = await factories.users(1)
    mailing_id = await wide(parts, window=wide_open())
    await move(parts, user_id, "Asia/Tokyo")
    (claimed,) = await messages.claim(parts, mailing_id, "email", 10, "w")
    await recipients.look_up([claimed], "email")
    mailing = await mailings.collection().find_one({"_id": mailing_id})
    found = objections.find(claimed, mailing, clock.now())
    assert found is not None
    assert found.why == windows.WAITING
    assert found.fate.due_at == opening(wide_open(), "Asia/Tokyo")


async def test_a_personal_send_goes_by_the_users_clock_and_moves_with_it(parts: Parts) -> None:
    (user_id,) = await factories.users(1, lambda number: TOKYO)
    window = wide_open()
    end_at = clock.now() + 48 * HOUR
    await send(parts, to(Recipient(user_id=str(user_id))), window=window, end_at=end_at)
    assert await due() == {user_id: opening(window, "Asia/Tokyo")}
    await move(parts, user_id, "UTC")
    assert await due() == {user_id: None}


async def test_only_what_waits_for_the_users_windows_is_looked_through(parts: Parts) -> None:
    ids = await factories.users(30)
    await factories.clients(30, said=factories.with_email)
    await wide(parts, window=closed(), all=True)
    query = {"user_id": {"$in": ids[:3]}, "status": "pending", "why": windows.WAITING}
    plan = await messages.collection().find(query, hint=windows.USER_WAITS).explain()
    assert plan["executionStats"]["totalKeysExamined"] <= 4
    assert plan["executionStats"]["totalDocsExamined"] == 3


async def test_users_are_counted_by_zone(parts: Parts) -> None:
    await factories.users(5, by_turns)
    await factories.users(1, lambda number: {"email": ""})
    found = await audiences.spread(Audience(all_users=True))
    zones = [(zone.name, zone.clients, zone.reachable["email"]) for zone in found.of_users]
    assert zones == [("UTC", 4, 3), ("Asia/Tokyo", 2, 2)]
    assert (found.total, found.users, found.reachable(Route.EMAIL)) == (0, 6, 5)


async def test_a_preview_tells_of_users_whose_window_does_not_open_in_time(parts: Parts) -> None:
    await factories.users(3, by_turns)
    said = factories.mailing(all_users=True, channels=("email",), window=wide_open())
    warnings = (await previews.preview(parts, "o", said)).warnings
    assert "the window does not open before the end for 1 clients" in warnings
