"""The bell: no event is missed and none comes twice, whatever breaks in between (X1, X2)."""

import asyncio
from typing import Any

import pytest
from bson import ObjectId

from local.ports import free_port
from local.redis import Redis
from tests.journeys.conftest import House
from tests.journeys.subscribers import Bell, Page

WRITTEN = 80
KEPT = 100
"""The default of NOTIFICATION_LIMIT."""

CREATE = """mutation ($user: ID!, $number: Int!) {
  createNotification(input: {userId: $user, key: "new_post", data: {number: $number}}) {
    unread errors { code }
  }
}"""
INBOX = """query ($user: ID!) {
  inbox(userId: $user) { unread headCursor notifications(first: 2) { nodes { cursor } } }
}"""
MARK = """mutation ($user: ID!, $cursor: String!) {
  markNotificationsRead(input: {userId: $user, upTo: $cursor}) { marked unread }
}"""


CREATE_MANY = """mutation ($all: [CreateNotificationInput!]!) {
  createNotifications(input: {notifications: $all}) { results { errors { code } } }
}"""


async def create(house: House, user: str, *numbers: int) -> None:
    for number in numbers:
        created = await house.ask(CREATE, user=user, number=number)
        assert created["createNotification"]["errors"] == []


async def inbox(house: House, user: str) -> dict[str, Any]:
    found: dict[str, Any] = (await house.ask(INBOX, user=user))["inbox"]
    return found


@pytest.fixture
def user() -> str:
    return str(ObjectId())


async def test_events_come_live_with_cursor_and_unread_and_again_after_a_cursor(
    house: House, user: str
) -> None:
    here, there = house.ports["api"], free_port()
    house.api(there)
    bell = Bell(house, user, (await inbox(house, user))["headCursor"])
    async with bell.listening(there):
        await create(house, user, 0)
        await bell.heard(1)
        await create(house, user, 1, 2, 3)
        second = (await inbox(house, user))["notifications"]["nodes"][1]["cursor"]
        await house.ask(MARK, user=user, cursor=second)
        await bell.heard(5)
    assert bell.numbers == [0, 1, 2, 3]
    assert [event["unread"] for event in bell.events] == [1, 2, 3, 4, 1]
    assert bell.events[-1]["__typename"] == "NotificationsRead"
    assert {event["replayed"] for event in bell.events[1:]} == {False}

    await create(house, user, 4, 5, 6)
    async with bell.listening(here):
        await bell.heard(8)
        await create(house, user, 7)
        await bell.heard(9)
    assert bell.numbers == list(range(8))
    assert [event["replayed"] for event in bell.events[5:]] == [True, True, True, False]
    assert len({event["cursor"] for event in bell.events}) == len(bell.events)
    assert bell.events[-1]["unread"] == (await inbox(house, user))["unread"] == 5


async def test_no_event_is_missed_or_doubled_while_an_api_is_killed_and_started_again(
    house: House, user: str
) -> None:
    port = free_port()
    api = house.api(port)
    start = (await inbox(house, user))["headCursor"]
    bell = Bell(house, user, start)
    async with bell.listening(port), Page.open(house, user, start, port) as page:
        await page_and_bell_hear(page, bell, await written(house, user, 0, WRITTEN // 2))
        writing = asyncio.create_task(written(house, user, WRITTEN // 2, WRITTEN))
        await bell.heard(WRITTEN // 2 + 5)
        api.kill()
        api.start()
        await page_and_bell_hear(page, bell, await writing)
    assert bell.numbers == list(range(WRITTEN))
    assert page.numbers == list(range(WRITTEN))
    assert page.connections >= 2  # one more if it came while the new one was starting


async def written(house: House, user: str, first: int, end: int) -> int:
    """Write these numbers; the last of them."""
    await create(house, user, *range(first, end))
    return end - 1


async def page_and_bell_hear(page: Page, bell: Bell, number: int) -> None:
    await bell.heard(number + 1)
    await page.heard(number)


async def test_no_event_is_missed_or_doubled_while_redis_is_away(
    house: House, user: str, redis_server: Redis
) -> None:
    there = free_port()
    house.api(there)
    start = (await inbox(house, user))["headCursor"]
    early, late = Bell(house, user, start), Bell(house, user, start)
    async with early.listening(there), late.listening(house.ports["api"]):
        await create(house, user, 0, 1)
        await early.heard(2)
        redis_server.kill()
        try:
            await create(house, user, 2, 3, 4)
            newcomer = Bell(house, user, start)
            async with newcomer.listening(there):
                await newcomer.heard(5)
        finally:
            redis_server.start()
        await early.heard(5)
        await create(house, user, 5)
        for bell in (early, late):
            await bell.heard(6)
            assert bell.numbers == list(range(6))
            assert [event["unread"] for event in bell.events][-1] == 6
    assert newcomer.numbers == list(range(5))


async def test_a_cursor_that_is_too_old_is_answered_by_resync_and_then_live_events(
    house: House, user: str
) -> None:
    start = (await inbox(house, user))["headCursor"]
    flood = [{"userId": user, "key": "new_post", "data": {"number": -1}}] * (KEPT + 1)
    await house.ask(CREATE_MANY, all=flood)
    bell = Bell(house, user, start)
    async with bell.listening(house.ports["api"]):
        await bell.heard(1)
        await create(house, user, 0)
        await bell.heard(2)
    resync, event = bell.events
    assert (resync["__typename"], resync["unread"]) == ("Resync", KEPT)
    assert (event["replayed"], bell.numbers) == (False, [0])
