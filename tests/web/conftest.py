"""A real Chromium, which may talk to nobody but this machine, before a whole Belfry."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import (
    Browser,
    BrowserContext,
    Page,
    Request,
    ViewportSize,
    async_playwright,
    expect,
)

from local.ports import LOOPBACK
from tests.journeys.conftest import House, house, standing

__all__ = ["house", "standing"]

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = [
    *("--no-sandbox", "--disable-quic", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run"),
    # Without a card, a program would play one for every frame.
    *("--disable-gpu", "--disable-software-rasterizer"),
    f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {LOOPBACK}",
]
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
VIEW = ViewportSize(width=1280, height=800)
PATIENCE_MS = 60_000
"""For whatever a page shows or is asked to do; a busy machine takes more than the usual 5 s."""

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The browser of this machine, without a window."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    assert found, "these tests drive Chromium: install it (Debian: apt-get install chromium)"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=QUIET)
        yield browser
        await browser.close()


@dataclass
class Desk:
    """A person's browser: its tabs share what a browser shares."""

    house: House
    context: BrowserContext
    complaints: list[str]

    @property
    def origin(self) -> str:
        """Where the API serves."""
        return f"http://{LOOPBACK}:{self.house.ports['api']}"

    async def tab(self, path: str) -> Page:
        """A new tab with a page; what the page complains of fails the test in the end."""
        page = await self.context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        await page.goto(f"{self.origin}{path}")
        return page

    async def faults_of_access(self, page: Page) -> list[str]:
        """What axe-core finds: rule, help and place of each."""
        assert AXE.exists(), "install the front ends' packages by `make web`"
        # Not by a tag in the page, which its policy would refuse.
        if not await page.evaluate("'axe' in window"):
            await page.evaluate(AXE.read_text(encoding="utf-8"))
        found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{one['id']}: {one['help']}: {[node['target'] for node in one['nodes']]}"
            for one in found["violations"]
        ]


@asynccontextmanager
async def person(chromium: Browser) -> AsyncIterator[tuple[BrowserContext, list[str]]]:
    """A fresh browser of one person, and what it complains of; at the end that must be nothing."""
    context = await chromium.new_context(viewport=VIEW, reduced_motion="reduce", locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    complaints: list[str] = []

    def notice(request: Request) -> None:
        if urlsplit(request.url).hostname not in {LOOPBACK, None}:
            complaints.append(f"asked for {request.url}")

    # Not by a route, with which a browser caches nothing and compiles every page's scripts anew.
    context.on("request", notice)
    try:
        yield context, complaints
    finally:
        await context.close()
    assert complaints == []


@pytest.fixture
async def desk(chromium: Browser, house: House) -> AsyncIterator[Desk]:
    """A fresh browser of one person, before the house."""
    async with person(chromium) as (context, complaints):
        yield Desk(house, context, complaints)
