"""Queues and workers on the console, from nothing over an outage to the death of a worker (M24)."""

import re
from typing import Any

from playwright.async_api import expect
from pymongo import MongoClient

from tests.journeys.conftest import at_work
from tests.web.conftest import Desk
from tests.web.test_console_access import NO_FAULTS, faults
from tests.web.test_console_mailings import console, mail, people

WARY = {"BREAKER_ATTEMPTS": "3"}


async def test_without_work_and_workers_the_screen_says_how_either_comes(desk: Desk) -> None:
    page = await console(desk, "/queues", role="viewer")
    await expect(page.get_by_text("Nothing waits")).to_be_visible()
    await expect(page.get_by_text("belfry work", exact=True)).to_be_visible()
    assert await desk.faults_of_access(page) == []


async def test_what_stands_in_the_way_is_told_with_what_to_do(desk: Desk) -> None:
    await people(desk, 30)
    await desk.house.faults(down="503")
    page = await console(desk, "/queues")
    worker = desk.house.worker(**WARY)
    await at_work(worker)
    await mail(desk, "News")
    queue = page.get_by_role("row", name=re.compile("^Bulk, Sending API"))
    await expect(queue).to_contain_text("Away")
    await expect(page.get_by_text("Sending API is away")).to_be_visible()
    row = page.get_by_role("row", name=re.compile(f"process {worker.pid}"))
    await expect(row).to_contain_text("Running")
    assert await faults(desk, page) == NO_FAULTS

    worker.kill()
    with MongoClient[dict[str, Any]](desk.house.environment["DB_URI"]) as client:
        silent = [{"$set": {"beat_at": {"$subtract": ["$beat_at", 60_000]}}}]
        client.get_default_database()["workers"].update_many({}, silent)
    await expect(row).to_contain_text("Lost")
    missing = page.get_by_text("No worker runs for bulk messages")
    await expect(missing).to_be_visible()
    assert await faults(desk, page) == NO_FAULTS
