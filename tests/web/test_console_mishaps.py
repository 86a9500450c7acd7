"""The console when answers get lost, addresses are wrong, and somebody else signs in (M18, M19)."""

import json
import re

from bson import ObjectId
from playwright.async_api import Page, Route, expect

from tests.web.conftest import Desk
from tests.web.test_console_mailings import console, people

NO_ANSWER = "The API does not answer"
MADE = """{
  mailings(first: 9) { totalCount }
  apiKeys(first: 9) { totalCount }
}"""
INBOX = "query ($userId: ID!) { inbox(userId: $userId) { unread } }"


async def lose_answers(page: Page) -> None:
    """The first answer to each mutation gets lost on the way."""
    lost: set[str] = set()

    async def answer(route: Route) -> None:
        said = json.loads(route.request.post_data or "{}")
        document = said.get("query", "")
        if not document.startswith("mutation") or document in lost:
            await route.fallback()
        else:
            lost.add(document)
            await route.fetch()
            await route.abort()

    await page.route("**/graphql", answer)


async def test_what_had_no_answer_and_is_sent_again_is_made_once(desk: Desk) -> None:
    await people(desk, 2)
    page = await console(desk, "/compose", role="admin")
    await lose_answers(page)
    lost = page.get_by_role("alert").filter(has_text=NO_ANSWER)
    await page.get_by_role("textbox", name="Name").fill("Spring sale")
    await page.get_by_role("textbox", name="Text").fill("All coats at half the price.")
    await page.get_by_role("combobox", name="Tags").fill("vip")
    await page.keyboard.press("Enter")
    check = page.get_by_role("button", name="Check and send")
    await check.click()
    await page.get_by_role("button", name="Send 2 messages").click()
    await expect(lost).to_have_count(1)
    await page.get_by_role("button", name="Back to the form").click()
    await check.click()
    await page.get_by_role("button", name="Send 2 messages").click()
    await expect(page.get_by_role("heading", name="Spring sale", level=1)).to_be_visible()

    user = str(ObjectId())
    await page.goto(f"{desk.origin}/console/notifications?user={user}")
    # The first in the list may be one that another test has made.
    await page.get_by_label("Kind").select_option("new_message")
    send = page.get_by_role("button", name="Send", exact=True)
    await send.click()
    await expect(lost).to_have_count(1)
    await send.click()
    await expect(page.get_by_text("Sent; 1 unread now")).to_be_visible()

    await page.goto(f"{desk.origin}/console/api-keys")
    await page.get_by_role("button", name="New key").click()
    form = page.get_by_role("dialog")
    await form.get_by_role("textbox", name="Name").fill("shop")
    await form.get_by_role("button", name="Make the key").click()
    await expect(lost).to_have_count(1)
    await form.get_by_role("button", name="Make the key").click()
    await expect(page.get_by_text("its secret got lost")).to_be_visible()

    assert (await desk.house.ask(INBOX, userId=user))["inbox"]["unread"] == 1
    made = await desk.house.ask(MADE)
    assert [made["mailings"]["totalCount"], made["apiKeys"]["totalCount"]] == [1, 1]


async def test_an_address_that_nobody_wrote_leads_to_words(desk: Desk) -> None:
    for path in ("/mailings/%", "/mailings/%25", "/mailings/%E0%A4%A"):
        page = await console(desk, path)
        await expect(page.get_by_text("There is no such mailing")).to_be_visible()


async def test_who_signs_in_elsewhere_is_not_taken_for_who_did_here(desk: Desk) -> None:
    """And who could not be signed out is told so."""
    signed_in = ["ann", "admin"]

    async def session(route: Route) -> None:
        subject, role = signed_in
        said: dict[str, object] = {"subject": subject, "name": subject, "role": role}
        said["provider"] = "id.example.com"
        if route.request.method == "POST":
            # Good for a second, as the console asks half a minute ahead.
            said |= {"token": desk.house.token(role, subject), "expiresIn": 31}
        await route.fulfill(json={**said, "signedIn": True})

    await desk.context.route("**/session", session)
    await desk.context.route("**/session/token", session)
    page = await desk.tab("/console/audit")
    await expect(page.get_by_role("heading", name="Audit log", level=1)).to_be_visible()
    signed_in[:] = ["bob", "operator"]
    await expect(page.get_by_text("operator", exact=True)).to_be_visible()
    await expect(page.get_by_role("heading", name="Audit log", level=1)).to_have_count(0)

    await desk.context.route("**/session/logout", lambda route: route.abort())
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_text("You are still signed in")).to_be_visible()
    assert re.search("/console", page.url)
