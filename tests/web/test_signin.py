"""Signing in by Chromium, and the console's own way to its tokens (M19)."""

import re
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import Page, Route, expect

from tests.journeys.conftest import House
from tests.journeys.signing_in import Mock, with_sign_in
from tests.node import NODE
from tests.web.conftest import Desk

SOURCE = Path(__file__).parents[2] / "web" / "console" / "oidc.ts"

STRIP = """
const { stripTypeScriptTypes } = require('node:module');
process.stdout.write(stripTypeScriptTypes(require('node:fs').readFileSync(process.argv[1], 'utf8')));
"""
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LOOKS = "asked for https://cdn.jsdelivr.net/"
ROLE = "{ auditLog(first: 1) { edges { cursor } } }"


@pytest.fixture
async def town(desk: Desk, tmp_path: Path) -> AsyncIterator[Desk]:
    """A desk before an API where people sign in, which also serves the console's module."""
    mock = Mock(tmp_path)
    mock.start()
    port = int(with_sign_in(desk.house, mock.url).rpartition(":")[2])
    house: House = replace(desk.house, ports={**desk.house.ports, "api": port})

    async def module(route: Route) -> None:
        await route.fulfill(body=stripped(), content_type="text/javascript")

    await desk.context.route("**/oidc.js", module)
    yield replace(desk, house=house)
    # The provider's own page asks for its looks there.
    desk.complaints[:] = [one for one in desk.complaints if LOOKS not in one]
    mock.stop()


def stripped() -> str:
    """The console's module without its types."""
    command = [str(NODE), "--no-warnings", "-e", STRIP, str(SOURCE)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


async def module(page: Page, call: str) -> Any:
    return await page.evaluate(f"import('/oidc.js').then((oidc) => oidc.{call})")


async def test_somebody_signs_in_and_out_by_the_consoles_module(town: Desk) -> None:
    page = await town.tab("/bell")
    assert await module(page, "status()") == {"provider": "127.0.0.1", "signedIn": False}
    assert await module(page, "freshToken()") is None
    await module(page, "login('/bell')")
    await page.get_by_role("button", name="ann").click()
    await expect(page).to_have_url(f"{town.origin}/bell")
    assert (await module(page, "status()"))["name"] == "Ann Ringer"

    first = await module(page, "freshToken()")
    assert (first["role"], first["subject"]) == ("admin", "ann")
    assert first == await module(page, "freshToken()"), "kept as long as it is good"
    said = await page.evaluate(
        """([token, query]) => fetch('/graphql', {
          method: 'POST',
          headers: {'Content-Type': 'application/json', Authorization: `Bearer ${token}`},
          body: JSON.stringify({query}),
        }).then((response) => response.json())""",
        [first["token"], ROLE],
    )
    assert "errors" not in said

    (cookie,) = await town.context.cookies(town.origin)
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"
    assert await page.evaluate("document.cookie") == ""
    another = await town.tab("/bell")
    assert (await module(another, "freshToken()"))["subject"] == "ann"

    await module(page, "logout()")
    await expect(page).to_have_url(re.compile("/oauth2/end_session"))
    third = await town.tab("/bell")
    assert await module(third, "freshToken()") is None


async def test_the_console_signs_in_and_out_at_the_provider(town: Desk) -> None:
    page = await town.tab("/console/mailings")
    await page.get_by_role("button", name="Sign in with 127.0.0.1").click()
    await page.get_by_role("button", name="ann").click()
    await expect(page.get_by_role("heading", name="Mailings", level=1)).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("heading", name="Mailings", level=1)).to_be_visible()
    assert await page.evaluate("sessionStorage.length") == 0
    await page.get_by_role("button", name="Sign out").click()
    await expect(page).to_have_url(re.compile("/oauth2/end_session"))


async def test_the_page_for_whom_nobody_gave_a_role_can_be_read_by_all(town: Desk) -> None:
    page = await town.tab("/session/login")
    await page.get_by_role("button", name="bob").click()
    await expect(page.get_by_role("heading", name="You have no role here")).to_be_visible()
    for scheme in SCHEMES:
        await page.emulate_media(color_scheme=scheme)
        assert await town.faults_of_access(page) == []
