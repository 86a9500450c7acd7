"""The console's downloads go to disk by the browser, and what is refused is told on the page (M18)."""

import asyncio
import csv
from pathlib import Path

from playwright.async_api import expect

from tests.web.conftest import Desk
from tests.web.test_console_mailings import PEOPLE, console, people


async def test_an_export_is_the_browsers_own_download_and_the_page_stays(desk: Desk) -> None:
    await people(desk, 40)
    other = {"phone": "79991000000", "tags": ["new"]}
    await desk.house.ask(PEOPLE, input={"clients": [other]})
    page = await console(desk, "/clients?tag=vip")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.get_by_role("button", name="Export").click()
    async with page.expect_download() as download:
        await page.get_by_role("menuitem", name="CSV").click()
    taken = await download.value
    assert taken.suggested_filename == "clients.csv"
    # Of the API, not of the page's memory.
    assert taken.url == f"{desk.origin}/clients/export?tag=vip&format=csv"
    lines = (await asyncio.to_thread(Path(await taken.path()).read_text)).splitlines()
    assert [row["phone"] for row in csv.DictReader(lines)] == [f"7999{at:07d}" for at in range(40)]
    await expect(page.get_by_text("40 in all")).to_be_visible()
    assert page.url == f"{desk.origin}/console/clients?tag=vip"
    assert not any("eyJ" in url for url in asked)


async def test_an_export_that_is_refused_says_why(desk: Desk) -> None:
    tags = "&".join(f"tag=t{at}" for at in range(101))
    page = await console(desk, f"/clients?{tags}")
    await page.get_by_role("button", name="Export").click()
    await page.get_by_role("menuitem", name="NDJSON").click()
    told = page.get_by_role("alert").filter(has_text="The export was refused")
    await expect(told).to_contain_text("at most 100 values")
    await expect(page.locator("iframe")).to_have_count(0)
