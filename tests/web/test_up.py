"""What `belfry up` prints, followed in a browser by somebody who has just started it (M18, X1, X3)."""

import asyncio
import re

from playwright.async_api import Browser, BrowserContext, Page, expect

from local.demo import USER_ID
from tests.up import Start, Up, start
from tests.web.conftest import person

__all__ = ["start"]

NOTIFY = """mutation ($input: CreateNotificationInput!) {
  createNotification(input: $input) { unread errors { message } }
}"""
STARTED_AGAIN = r"API ended by itself \(code -9\).*starting it again"


async def test_its_links_lead_to_a_bell_a_console_and_an_explorer(
    chromium: Browser, start: Start
) -> None:
    up = start()
    await asyncio.to_thread(up.wait_for, "curl -s")
    admin = up.token("admin")
    async with person(chromium) as (context, _):
        bell = await followed(context, up, "A bell")
        await expect(bell.locator("#status")).to_have_text("live")
        console = await followed(context, up, "Console")
        await mail_everybody(console)

        # The bell comes back by itself, and has what came meanwhile.
        up.child(" serve").kill()
        await asyncio.to_thread(up.wait_for, STARTED_AGAIN)
        answered = await asyncio.to_thread(notified, up, admin)
        name = f"Notifications, {answered} unread"
        trigger = bell.get_by_role("button", name=re.compile("^Notifications"))
        await expect(trigger).to_have_accessible_name(name)

        explorer = await followed(context, up, "Explorer")
        await expect(
            explorer.locator(".graphiql-query-editor .monaco-editor").first
        ).to_be_visible()


async def followed(context: BrowserContext, up: Up, link: str) -> Page:
    """A tab with what a link leads to."""
    page = await context.new_page()
    await page.goto(up.wait_for(rf"(?m)^\s+{link}\s+(\S+)$")[1])
    return page


async def mail_everybody(page: Page) -> None:
    """Compose a mailing to the clients of the demo, and see it to its end."""
    await page.get_by_role("link", name="Compose").click()
    await page.get_by_role("textbox", name="Name").fill("Spring sale")
    await page.get_by_role("textbox", name="Text").fill("All coats at half the price.")
    await page.get_by_role("combobox", name="Tags").fill("loyal")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Check and send").click()
    check = page.get_by_role("dialog")
    await check.get_by_role("button", name="Send 40 messages").click()
    await expect(page.get_by_text("40 of 40")).to_be_visible()
    await expect(page.get_by_text("Finished")).to_be_visible()


def notified(up: Up, token: str) -> int:
    """Ring the bell of the demo once the API answers again; how many it has unread then."""
    while True:
        try:
            said = up.ask(NOTIFY, token, userId=USER_ID, key="new_message")
        except OSError:
            continue
        unread: int = said["createNotification"]["unread"]
        return unread
