"""The console is for everyone who may see it: signing in, roles, axe in light and dark (M18)."""

import re
from pathlib import Path
from typing import Literal

from playwright.async_api import Page, ViewportSize, expect

from rules.roles import Permission, Principal, Role, may
from tests.journeys.conftest import at_work
from tests.web.conftest import VIEW, Desk
from tests.web.test_console_mailings import console, mail, people

SOURCE = Path(__file__).parents[2] / "web" / "console" / "may.ts"
EMPTY = (
    *("", "/mailings", "/compose", "/sends", "/sends/new", "/clients", "/groups", "/segments"),
    *("/templates", "/templates/new", "/notifications", "/kinds", "/contacts", "/failed"),
    *("/suppressions", "/queues", "/api-keys", "/audit"),
)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
NO_FAULTS: dict[str, list[str]] = {scheme: [] for scheme in SCHEMES}
NARROW = ViewportSize(width=390, height=800)
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
AT_REST = """Promise.allSettled(
  document.getAnimations().filter((one) => one instanceof CSSTransition).map((one) => one.finished)
).then(() => null)"""


async def test_a_token_signs_in_and_is_no_part_of_the_address(desk: Desk) -> None:
    page = await desk.tab("/console/mailings")
    await page.get_by_label(re.compile("^Token")).fill("no token")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("alert")).to_contain_text("That is no token")
    await page.get_by_label(re.compile("^Token")).fill(desk.house.token("operator"))
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", name="Mailings", level=1)).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_label(re.compile("^Token"))).to_be_visible()

    page = await console(desk, "/mailings")
    await expect(page.get_by_role("heading", name="Mailings", level=1)).to_be_visible()
    assert "token" not in page.url
    await page.reload()
    await expect(page.get_by_role("heading", name="Mailings", level=1)).to_be_visible()


async def test_a_token_that_is_not_valid_leads_back_to_signing_in(desk: Desk) -> None:
    forged = desk.house.token("admin")[:-4] + "AAAA"
    page = await desk.tab(f"/console#token={forged}")
    await expect(page.get_by_label(re.compile("^Token"))).to_be_visible()


async def test_a_subscriber_is_told_that_this_is_not_for_them(desk: Desk) -> None:
    page = await console(desk, role="subscriber")
    await expect(page.get_by_text("The console is for staff")).to_be_visible()


async def test_axe_finds_nothing_on_any_screen_light_or_dark_and_each_fits_a_narrow_one(
    desk: Desk,
) -> None:
    page = await desk.tab("/console")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert await faults(desk, page) == NO_FAULTS, "signing in"
    page = await console(desk, role="admin")
    for path in EMPTY:
        await page.set_viewport_size(NARROW)
        await page.goto(f"{desk.origin}/console{path}")
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await expect(page.get_by_role("status", name="Loading")).to_have_count(0)
        assert not await page.evaluate(TOO_WIDE), path
        await page.set_viewport_size(VIEW)
        assert await faults(desk, page) == NO_FAULTS, path

    await people(desk, 3)
    mailing = await mail(desk, "For everyone")
    await page.goto(f"{desk.origin}/console/mailings/{mailing}")
    for tab in ("Progress", "Recipients", "Live attempts", "Content", "Changes"):
        await page.get_by_role("tab", name=tab).click()
        assert await faults(desk, page) == NO_FAULTS, tab
    await page.goto(f"{desk.origin}/console/mailings")
    await page.get_by_role("button", name="More for For everyone").click()
    assert await faults(desk, page) == NO_FAULTS


async def faults(desk: Desk, page: Page) -> dict[str, list[str]]:
    """What axe finds by light and in the dark, each once its colours have come to rest."""
    found: dict[str, list[str]] = {}
    for scheme in SCHEMES:
        await page.emulate_media(color_scheme=scheme)
        await expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", scheme)
        await page.evaluate(AT_REST)
        found[scheme] = await desk.faults_of_access(page)
    return found


async def test_a_sender_sees_and_does_only_what_senders_may(desk: Desk) -> None:
    page = await console(desk, role="sender")
    await expect(page.get_by_role("heading", name="Sends", level=1)).to_be_visible()
    places = page.get_by_role("navigation", name="Screens").get_by_role("link")
    await expect(places).to_have_text(
        ["Sends", "Templates", "Notifications", "Kinds", "Contacts", "Failed messages"]
    )
    await page.goto(f"{desk.origin}/console/templates")
    await expect(page.get_by_role("heading", name="Templates", level=1)).to_be_visible()
    await expect(page.get_by_role("link", name="New template")).to_have_count(0)
    # Whom a sender may not write to is not offered.
    await page.goto(f"{desk.origin}/console/sends/new")
    await expect(page.get_by_role("combobox", name="Who")).to_be_visible()
    await expect(page.get_by_role("radiogroup", name="Whom")).to_have_count(0)
    await page.goto(f"{desk.origin}/console/clients")
    await expect(page.get_by_role("heading", name="Sends", level=1)).to_be_visible()


async def test_a_viewer_sees_all_of_it_and_changes_nothing(desk: Desk) -> None:
    await people(desk, 1)
    await at_work(desk.house.worker())
    mailing = await mail(desk, "Look at me")
    page = await console(desk, role="viewer")
    places = page.get_by_role("navigation", name="Screens").get_by_role("link")
    await expect(places.first).to_be_visible()
    for place in await places.all_inner_texts():
        await page.get_by_role("link", name=place, exact=True).click()
        await expect(page.get_by_role("heading", name=place, level=1)).to_be_visible()
        await expect(page.get_by_role("status", name="Loading")).to_have_count(0)
        await expect(page.get_by_role("alert")).to_have_count(0)
        main = page.get_by_role("main")
        changing = re.compile(
            "New|Add|Edit|Delete|Import|Export|Suppress|Allow|Cancel|Send|Pause|More"
        )
        await expect(main.get_by_role("button", name=changing)).to_have_count(0)
    assert "Compose" not in await places.all_inner_texts()
    await page.goto(f"{desk.origin}/console/mailings/{mailing}")
    await page.get_by_role("tab", name="Recipients").click()
    await page.get_by_role("button", name=re.compile("79990000000")).click()
    await expect(page.get_by_role("dialog")).to_contain_text("79990000000")


async def test_on_a_narrow_screen_a_menu_leads_to_all_others(desk: Desk) -> None:
    page = await console(desk, role="admin")
    await page.set_viewport_size(NARROW)
    await page.get_by_role("button", name="Menu").click()
    await page.get_by_role("link", name="Mailings").click()
    await expect(page.get_by_role("heading", name="Mailings", level=1)).to_be_visible()


def test_what_it_shows_to_a_role_is_what_the_role_may_do() -> None:
    source = SOURCE.read_text(encoding="utf-8")
    lists = dict(re.findall(r"const (\w+): Role\[\] = \[(.*?)\]", source))
    table = source[source.index("export const MAY") :]
    found = re.findall(r"^  ([A-Z_]+): (?:\[(.*?)\]|(\w+)),$", table, re.MULTILINE)
    assert found
    for permission, roles, name in found:
        named = set(re.findall(r"\w+", roles or lists[name]))
        allowed = {
            role.value
            for role in Role
            if may(Principal("somebody", role, None), Permission(permission))
        }
        assert named == allowed, permission
