"""`<belfry-bell>` in Chromium: what a person sees of X1, X2 and X9."""

import asyncio
import re
from typing import Any

import pytest
from bson import ObjectId
from playwright.async_api import Page, expect

from local.ports import free_port
from tests.web.conftest import Desk

CREATE = """mutation ($input: CreateNotificationInput!) {
  createNotification(input: $input) { notification { id } errors { field message } }
}"""
KIND = """mutation {
  createKind(input: {key: "chat", inApp: true, email: false,
    title: "{{ data.from }} wrote to you", body: "{{ data.text }}"}) { errors { message } }
}"""
RETRACT = """mutation ($id: ID!) {
  retractNotification(input: {id: $id}) { changed errors { message } }
}"""


@pytest.fixture
def user() -> str:
    """Somebody new."""
    return str(ObjectId())


async def notify(desk: Desk, user: str, text: str = "See you at noon?") -> str:
    said = {"userId": user, "key": "chat", "data": {"from": "Ada", "text": text}}
    answer = (await desk.house.ask(CREATE, input=said))["createNotification"]
    assert answer["errors"] == []
    made: str = answer["notification"]["id"]
    return made


async def until_all_is_read(desk: Desk, user: str) -> None:
    """The bell shows it before the API knows it."""
    asked = "query ($id: ID!) { inbox(userId: $id) { unread } }"
    async with asyncio.timeout(60):
        while (await desk.house.ask(asked, id=user))["inbox"]["unread"]:
            await asyncio.sleep(0.05)


async def follow(desk: Desk, user: str, extra: str = "") -> Page:
    """A tab with a bell that is live."""
    token = desk.house.token("subscriber", user)
    page = await desk.tab(f"/bell#user={user}&token={token}{extra}")
    await expect(page.locator("#status")).to_have_text("live")
    # So that no toast goes while a busy machine looks for it.
    await page.evaluate("document.querySelector('belfry-bell').toastSeconds = 60")
    return page


@pytest.fixture(autouse=True)
async def kind(desk: Desk) -> None:
    """A kind with words."""
    await desk.house.ask(KIND)  # kept from the test before: says that it exists


def trigger(page: Page) -> Any:
    return page.get_by_role("button", name=re.compile("^Notifications"))


async def test_the_badge_follows_what_comes_in_and_a_toast_says_it(desk: Desk, user: str) -> None:
    page = await follow(desk, user)
    await expect(trigger(page)).to_have_accessible_name("Notifications")
    await notify(desk, user)
    await expect(trigger(page)).to_have_accessible_name("Notifications, 1 unread")
    await expect(page.locator(".toast")).to_contain_text("Ada wrote to you")
    await expect(page.locator("[role=status].unseen")).to_have_text(
        "New notification: Ada wrote to you. 1 unread."
    )
    await page.locator(".toast .main").click()
    await expect(trigger(page)).to_have_accessible_name("Notifications")
    await expect(page.locator(".toast")).to_have_count(0)
    await until_all_is_read(desk, user)


async def test_a_link_out_of_data_runs_nothing(desk: Desk, user: str) -> None:
    page = await follow(desk, user)
    bell = "document.querySelector('belfry-bell')"
    await page.evaluate(f"() => {{ {bell}.linkOf = ({{ data }}) => data.text }}")
    await notify(desk, user, " java\tscript:document.title='ran'")
    await page.evaluate(
        "() => addEventListener('click', (event) => { window.stopped = event.defaultPrevented })"
    )
    await page.locator(".toast a.main").click()
    assert await page.evaluate("[document.title === 'ran', stopped]") == [False, True]


async def test_more_than_99_are_99_plus(desk: Desk, user: str) -> None:
    many = [
        {"userId": user, "key": "chat", "data": {"from": "Ada", "text": str(n)}} for n in range(100)
    ]
    document = """mutation ($many: [CreateNotificationInput!]!) {
      createNotifications(input: {notifications: $many}) { results { errors { message } } } }"""
    await desk.house.ask(document, many=many)
    page = await follow(desk, user)
    await expect(page.locator(".badge")).to_have_text("99+")
    await expect(page.locator(".toast")).to_have_count(0)
    await trigger(page).click()
    items = page.locator(".item")
    await expect(items.first).to_contain_text("99")
    # Scrolling down reads page after page.
    for count in (40, 60, 80, 100):
        await page.locator(".scroll").evaluate("(list) => list.scrollTo(0, list.scrollHeight)")
        await expect(items).to_have_count(count)
    await expect(page.locator(".end")).to_have_count(0)
    await expect(items.last).to_contain_text("0")


async def test_what_is_read_in_one_tab_is_read_in_the_other(desk: Desk, user: str) -> None:
    for text in ("one", "two", "three"):
        await notify(desk, user, text)
    here, there = await follow(desk, user), await follow(desk, user)
    for page in (here, there):
        await trigger(page).click()
        await expect(page.locator(".item.unread")).to_have_count(3)
    await here.locator(".item", has_text="two").locator(".main").click()
    await expect(there.locator(".item.unread")).to_have_count(2)
    await here.get_by_role("button", name="Archive: Ada wrote to you").first.click()
    await expect(there.locator(".item")).to_have_count(2)
    await there.get_by_role("button", name="Mark all as read").click()
    await expect(here.locator(".item.unread")).to_have_count(0)
    await expect(trigger(here)).to_have_accessible_name("Notifications")
    await here.get_by_role("button", name="Unread").click()
    await expect(here.locator(".empty")).to_have_text("All read.")
    await until_all_is_read(desk, user)


async def test_what_was_retracted_disappears(desk: Desk, user: str) -> None:
    page = await follow(desk, user)
    made = await notify(desk, user)
    await trigger(page).click()
    await expect(page.locator(".item")).to_have_count(1)
    await desk.house.ask(RETRACT, id=made)
    await expect(page.locator(".item")).to_have_count(0)
    await expect(trigger(page)).to_have_accessible_name("Notifications")


async def test_a_bell_goes_on_where_it_was_when_the_api_was_killed(desk: Desk, user: str) -> None:
    port = free_port()
    api = desk.house.api(port)
    other = desk.house.ports["api"]
    desk.house.ports["api"] = port
    page = await follow(desk, user)
    await notify(desk, user, "before")
    await expect(trigger(page)).to_have_accessible_name("Notifications, 1 unread")
    api.kill()
    await expect(page.locator("#status")).to_have_text("reconnecting")
    desk.house.ports["api"] = other
    for text in ("meanwhile", "and again"):
        await notify(desk, user, text)
    desk.house.api(port)
    await expect(trigger(page)).to_have_accessible_name("Notifications, 3 unread")
    # What a replay tells is no news.
    await expect(page.locator(".toast", has_text="meanwhile")).to_have_count(0)
    await trigger(page).click()
    await expect(page.locator(".item")).to_have_count(3)


async def test_a_mark_that_fails_is_taken_back(desk: Desk, user: str) -> None:
    await notify(desk, user)
    page = await follow(desk, user)
    await trigger(page).click()
    # Gone from the inbox behind the bell's back: the server refuses, and the bell shows what is so.
    await page.evaluate(
        """async () => {
          const bell = document.querySelector('belfry-bell');
          window.failed = new Promise((done) => bell.addEventListener('belfry-error', done, { once: true }));
          await bell.markRead('bm9wZQ');
        }"""
    )
    await page.evaluate("window.failed")
    await expect(page.locator(".note")).to_have_text("Please try again.")
    await expect(page.locator(".item.unread")).to_have_count(1)
    await expect(trigger(page)).to_have_accessible_name("Notifications, 1 unread")


async def test_a_keyboard_is_enough(desk: Desk, user: str) -> None:
    for text in ("one", "two", "three"):
        await notify(desk, user, text)
    page = await follow(desk, user)
    await trigger(page).focus()
    await page.keyboard.press("Enter")
    focused = page.locator("belfry-bell .main:focus")
    await expect(focused).to_contain_text("three")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.locator(".item.unread")).to_have_count(2)
    await expect(focused).to_contain_text("two")
    await page.keyboard.press("Delete")
    await expect(page.locator(".item")).to_have_count(2)
    await expect(focused).to_contain_text("one")
    await page.keyboard.press("Home")
    await expect(focused).to_contain_text("three")
    await page.keyboard.press("Escape")
    await expect(page.locator(".panel")).to_have_count(0)
    await expect(trigger(page)).to_be_focused()


async def test_a_token_that_ended_is_asked_for_anew(desk: Desk, user: str) -> None:
    page = await desk.tab("/bell")
    await page.evaluate(
        """([user, good]) => {
          const bell = document.querySelector('belfry-bell');
          window.asked = 0;
          bell.getToken = () => (window.asked++ ? good : 'stale');
          bell.userId = user;
        }""",
        [user, desk.house.token("subscriber", user)],
    )
    await expect(page.locator("#status")).to_have_text("live")
    assert await page.evaluate("window.asked") > 1
    await notify(desk, user)
    await expect(trigger(page)).to_have_accessible_name("Notifications, 1 unread")


async def test_axe_finds_nothing_in_light_and_dark(desk: Desk, user: str) -> None:
    await notify(desk, user)
    page = await follow(desk, user)
    await notify(desk, user, "and one that toasts")
    await expect(page.locator(".toast")).to_have_count(1)
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        assert await desk.faults_of_access(page) == []
    await trigger(page).click()
    await expect(page.locator(".item")).to_have_count(2)
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert await desk.faults_of_access(page) == []


async def test_the_page_in_react_has_its_state_from_the_bell(desk: Desk, user: str) -> None:
    token = desk.house.token("subscriber", user)
    page = await desk.tab(f"/bell/react#user={user}&token={token}")
    await expect(page.locator("#status")).to_have_text("live")
    await notify(desk, user)
    await expect(page.locator("#last")).to_have_text("Ada wrote to you")
    await expect(page.locator("#unread")).to_have_text("1")
    assert "token" not in page.url
    assert await desk.faults_of_access(page) == []
    # Another reader, and the element follows what React says.
    await page.get_by_label("User").fill(str(ObjectId()))
    await page.get_by_role("button", name="Follow").click()
    await expect(page.locator("#status")).to_have_text("refused")
