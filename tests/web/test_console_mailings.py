"""The console runs mailings: from Compose to the end, with what stands between (M18, X3, X4, X5)."""

import re
from typing import Any

from playwright.async_api import Page, expect

from tests.journeys.conftest import at_work, eventually, moment
from tests.journeys.test_control import at_rest
from tests.web.conftest import Desk

PEOPLE = """mutation ($input: CreateClientsInput!) {
  createClients(input: $input) { results { client { id } } }
}"""
MAIL = """mutation ($input: CreateMailingInput!) {
  createMailing(input: $input) { mailing { id } errors { field message } }
}"""
FEW_AT_ONCE = {"SENDING_API_CONCURRENCY": "4"}
SLOW: dict[str, Any] = {"latency_seconds": 0.4, "jitter_seconds": 0.4}


async def console(desk: Desk, path: str = "", role: str = "operator") -> Page:
    """A tab with the console, signed in by the link that `belfry up` prints."""
    return await desk.tab(f"/console{path}#token={desk.house.token(role)}")


async def people(desk: Desk, number: int, tag: str = "vip") -> None:
    each = [{"phone": f"7999{at:07d}", "tags": [tag]} for at in range(number)]
    await desk.house.ask(PEOPLE, input={"clients": each})


async def mail(desk: Desk, name: str, **said: Any) -> str:
    given = {
        "name": name,
        "text": "Good day",
        "audience": {"all": True},
        "startAt": moment(),
        "endAt": moment(3_600),
        **said,
    }
    made = (await desk.house.ask(MAIL, input=given))["createMailing"]
    assert made["errors"] == []
    identity: str = made["mailing"]["id"]
    return identity


async def how_far(page: Page) -> int:
    bar = page.get_by_role("progressbar", name="Messages that ended")
    return int(await bar.get_attribute("aria-valuenow") or "0")


async def test_a_mailing_goes_from_compose_to_its_end_and_its_bar_moves(desk: Desk) -> None:
    await people(desk, 60)
    await at_work(desk.house.worker(**FEW_AT_ONCE))
    await desk.house.faults(**SLOW)
    page = await console(desk, "/compose")
    await page.get_by_role("textbox", name="Name").fill("Spring sale")
    await page.get_by_role("textbox", name="Text").fill("All coats at half the price.")
    await page.get_by_role("combobox", name="Tags").fill("vip")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("region", name="Reach")).to_contain_text("60 recipients")
    await page.get_by_role("button", name="Check and send").click()

    check = page.get_by_role("dialog")
    await expect(check).to_contain_text("60 messages")
    await expect(check).to_contain_text("All coats at half the price.")
    await check.get_by_role("button", name="Send 60 messages").click()

    await expect(page.get_by_role("heading", name="Spring sale", level=1)).to_be_visible()
    seen = set()

    async def is_over() -> bool:
        seen.add(await how_far(page))
        return await page.get_by_text("60 of 60").is_visible()

    await eventually(is_over)
    assert any(0 < at < 60 for at in seen)
    await expect(page.get_by_text("Finished")).to_be_visible()
    assert len(await desk.house.ledger()) == 60


async def test_what_is_wrong_with_a_mailing_is_told_at_its_field(desk: Desk) -> None:
    page = await console(desk, "/compose")
    await page.get_by_role("button", name="Check and send").click()
    name = page.get_by_role("textbox", name="Name")
    await expect(name).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_role("textbox", name="Text")).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_a_mailing_stands_still_while_it_is_paused(desk: Desk) -> None:
    await people(desk, 100)
    await at_work(desk.house.worker(**FEW_AT_ONCE))
    await desk.house.faults(latency_seconds=2.0)
    page = await console(desk, "/mailings")
    await expect(page.get_by_role("heading", name="Mailings", level=1)).to_be_visible()
    mailing = await mail(desk, "Long")
    await page.get_by_role("button", name="Pause Long").click()
    await expect(page.get_by_role("row", name=re.compile("Long"))).to_contain_text("Paused")

    # What was leaving at that moment comes to its end.
    await at_rest(desk.house, mailing)
    assert len(await desk.house.ledger()) < 100
    await desk.house.faults()
    await page.get_by_role("button", name="Resume Long").click()
    await expect(page.get_by_text("100 of 100")).to_be_visible()
    await expect(page.get_by_role("row", name=re.compile("Long"))).to_contain_text("Finished")


async def test_attempts_come_live_and_stay_with_their_recipient(desk: Desk) -> None:
    await people(desk, 3)
    mailing = await mail(desk, "Few")
    page = await console(desk, f"/mailings/{mailing}")
    await page.get_by_role("tab", name="Live attempts").click()
    await expect(page.get_by_text("Each attempt to deliver shows here")).to_be_visible()
    await at_work(desk.house.worker())
    await expect(page.get_by_role("table", name="Attempts").get_by_role("row")).to_have_count(4)
    await page.get_by_role("tab", name="Recipients").click()
    await page.get_by_role("button", name=re.compile("79990000001: 1")).click()
    drawer = page.get_by_role("dialog")
    await expect(drawer).to_contain_text("1. accepted")


async def test_what_failed_is_tried_again(desk: Desk) -> None:
    await people(desk, 5)
    await desk.house.faults(refuse_rate=1.0)
    await at_work(desk.house.worker())
    mailing = await mail(desk, "Refused")
    page = await console(desk, f"/mailings/{mailing}")
    codes = page.locator("section", has_text="Failures by code")
    await codes.get_by_role("button", name="As a table").click()
    await expect(codes).to_contain_text("refused: 400")
    await page.get_by_role("button", name="Retry failed").click()
    await desk.house.faults()
    await page.get_by_role("dialog").get_by_role("button", name=re.compile("^Retry")).click()

    async def have_arrived() -> bool:
        return len(await desk.house.ledger()) > 0

    await eventually(have_arrived)
    await page.get_by_role("tab", name="Changes").click()
    await expect(page.get_by_role("tabpanel")).to_contain_text("Retry")


async def test_a_mailing_is_cloned_cancelled_and_deleted(desk: Desk) -> None:
    await mail(desk, "First", startAt=moment(3_600), endAt=moment(7_200))
    page = await console(desk, "/mailings")
    await page.get_by_role("button", name="More for First").click()
    await page.get_by_role("menuitem", name="Clone").click()
    await page.get_by_role("button", name="Schedule the clone").click()
    await expect(page.get_by_role("link", name="First (again)")).to_be_visible()

    await page.get_by_role("button", name="More for First (again)").click()
    await page.get_by_role("menuitem", name="Cancel").click()
    await page.get_by_role("button", name="Cancel the mailing").click()
    row = page.get_by_role("row", name=re.compile(re.escape("First (again)")))
    await expect(row).to_contain_text("Cancelled")

    await page.get_by_role("button", name="More for First (again)").click()
    await page.get_by_role("menuitem", name="Delete").click()
    await page.get_by_role("button", name="Delete the mailing").click()
    await expect(page.get_by_role("link", name="First (again)")).to_have_count(0)
