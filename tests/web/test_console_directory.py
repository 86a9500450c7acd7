"""The console keeps clients, templates, notifications, suppressions and keys (M18)."""

import re
from pathlib import Path

from bson import ObjectId
from playwright.async_api import Page, expect

from tests.journeys.conftest import at_work
from tests.journeys.test_contacts import CREATE, SEND, sender
from tests.web.conftest import Desk
from tests.web.test_console_mailings import console, people

TABLE = """phone,tags,timeZone
79990000001,vip,Europe/Riga
89990000002,vip,Europe/Riga
79990000003,new,Asia/Tokyo
"""


async def test_a_table_is_tried_then_imported_and_its_mistakes_are_told(
    desk: Desk, tmp_path: Path
) -> None:
    table = tmp_path / "clients.csv"
    table.write_text(TABLE)
    page = await console(desk, "/clients")
    await page.get_by_role("button", name="Import").click()
    dialog = page.get_by_role("dialog")
    await dialog.locator("input[type=file]").set_input_files(table)

    await dialog.get_by_role("button", name="Try without writing").click()
    await expect(dialog).to_contain_text("Nothing is written yet: 3 rows read")
    await expect(dialog).to_contain_text("Line 3, phone: write 7")
    await expect(page.get_by_text("No clients yet")).to_be_visible()

    await dialog.get_by_role("button", name="Import", exact=True).click()
    await expect(dialog).to_contain_text("3 rows imported")
    await dialog.get_by_role("button", name="Done").click()
    await expect(page.get_by_text("2 in all")).to_be_visible()


async def test_filters_stay_in_the_address(desk: Desk) -> None:
    await people(desk, 2, tag="vip")
    page = await console(desk, "/clients")
    await page.get_by_role("combobox", name="Tags").fill("none")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("No client fits")).to_be_visible()
    assert page.url.endswith("/console/clients?tag=none")
    await page.goto(f"{desk.origin}/console/clients?tag=vip")
    await expect(page.get_by_text("2 in all")).to_be_visible()


async def test_a_client_is_added_changed_and_deleted(desk: Desk) -> None:
    page = await console(desk, "/clients")
    await page.get_by_role("button", name="New client").click()
    form = page.get_by_role("dialog")
    await form.get_by_role("textbox", name="Phone").fill("123")
    await form.get_by_role("button", name="Add the client").click()
    phone = form.get_by_role("textbox", name="Phone")
    await expect(phone).to_have_attribute("aria-invalid", "true")
    await phone.fill("79990000007")
    await form.get_by_role("button", name="Add the client").click()

    await page.get_by_role("button", name="Edit 79990000007").click()
    await form.get_by_role("textbox", name="E-mail").fill("ann@example.com")
    await form.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("row", name=re.compile("ann@example.com"))).to_be_visible()

    await page.get_by_role("button", name="Delete 79990000007").click()
    await page.get_by_role("button", name="Delete the client").click()
    await expect(page.get_by_text("No clients yet")).to_be_visible()


async def write_template(page: Page) -> None:
    await page.get_by_role("textbox", name="Title").fill("Welcome")
    await page.get_by_role("textbox", name="Name", exact=False).first.fill("welcome")
    await page.get_by_role("textbox", name="Text", exact=True).fill("Dear {{ name }}, good day.")


async def test_a_template_is_written_with_its_preview_and_keeps_its_versions(desk: Desk) -> None:
    page = await console(desk, "/templates/new")
    await write_template(page)
    preview = page.get_by_role("region", name="Preview")
    await expect(preview).to_contain_text("Dear Ann, good day.")
    await page.get_by_role("textbox", name="Text", exact=True).fill("Dear\n{{ name }, good day.")
    await expect(preview).to_contain_text(re.compile(r"en, text, line \d"))
    await page.get_by_role("textbox", name="Text", exact=True).fill("Dear {{ name }}, good day.")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("welcome, version 1")).to_be_visible()

    await page.get_by_role("textbox", name="Text", exact=True).fill("Hello {{ name }}.")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("welcome, version 2")).to_be_visible()
    await page.get_by_role("button", name="Edit as it was in version 1").click()
    await expect(preview).to_contain_text("Dear Ann, good day.")


async def test_a_notification_rings_the_bell_beside_it(desk: Desk) -> None:
    page = await console(desk, "/notifications")
    await page.get_by_role("textbox", name="User").fill(str(ObjectId()))
    await page.get_by_label("Kind").select_option("new_message")
    bell = page.locator("belfry-bell")
    await expect(bell).to_be_visible()
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_text("Sent; 1 unread now")).to_be_visible()
    await expect(bell.get_by_role("button").first).to_contain_text("1")


async def test_a_key_is_shown_once_and_revoked(desk: Desk) -> None:
    page = await console(desk, "/api-keys", role="admin")
    await page.get_by_role("button", name="New key").click()
    await page.get_by_role("textbox", name="Name").fill("Web shop")
    await page.get_by_role("button", name="Make the key").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("bk_")
    secret = await dialog.locator("code, pre").first.inner_text()
    await dialog.get_by_role("button", name="I have it").click()
    await expect(page.get_by_role("row", name=re.compile("Web shop"))).to_contain_text("Valid")
    await expect(dialog).to_have_count(0)
    assert secret not in await page.content()

    await page.get_by_role("button", name="Revoke Web shop").click()
    await page.get_by_role("button", name="Revoke the key").click()
    await expect(page.get_by_role("row", name=re.compile("Web shop"))).to_contain_text("Revoked")
    await page.get_by_role("link", name="Audit log").click()
    await expect(page.get_by_role("row", name=re.compile("revokeApiKey"))).to_be_visible()


async def test_an_address_is_suppressed_and_allowed_again(desk: Desk) -> None:
    address = "ann@example.com"
    page = await console(desk, "/suppressions")
    await page.get_by_role("button", name="Suppress an address").click()
    form = page.get_by_role("dialog")
    await form.get_by_role("textbox", name="Address").fill(address)
    await form.get_by_role("button", name="Suppress it").click()
    await page.get_by_role("button", name=f"Allow again: {address}").click()
    await expect(page.get_by_text("Nobody is suppressed")).to_be_visible()


async def test_a_sender_sees_what_did_not_arrive_and_tries_it_again(desk: Desk) -> None:
    house = desk.house
    await at_work(house.worker())
    await sender(house, CREATE, input={"name": "Ann", "viber": "01234567890A="})
    await sender(house, SEND, input={"names": ["ann"], "text": "The bell rings!"})
    page = await console(desk, "/failed", role="sender")
    row = page.get_by_role("row", name=re.compile("Ann"))
    await expect(row).to_contain_text("Undeliverable")
    await expect(row).to_contain_text("1 attempt")
    assert await desk.faults_of_access(page) == []
    await page.get_by_role("button", name="Retry Ann").click()
    await expect(page.get_by_text("1 message will be tried again")).to_be_visible()
    await expect(row).to_contain_text("2 attempts")
    await page.get_by_role("button", name="2 attempts").click()
    await expect(page.get_by_role("dialog")).to_contain_text("2. undeliverable")


async def test_groups_and_segments_say_whom_mailings_mean(desk: Desk) -> None:
    await people(desk, 3)
    page = await console(desk, "/groups")
    await page.get_by_role("button", name="New group").click()
    form = page.get_by_role("dialog")
    await form.get_by_role("textbox", name="Name").fill("tasters")
    assert await desk.faults_of_access(page) == []
    await form.get_by_role("button", name="Make the group").click()
    await expect(page.get_by_text("Nobody is in it yet")).to_be_visible()

    await page.get_by_role("button", name="Add members").click()
    members = form.get_by_role("textbox", name="Members")
    await members.fill(f"79990000000\n79990000001\n79990000009\n{ObjectId()}")
    await form.get_by_role("button", name="Add them").click()
    await expect(form).to_contain_text("79990000009: ")
    assert (await members.input_value()).startswith("79990000009")
    assert await desk.faults_of_access(page) == []
    await form.get_by_role("button", name="Close").click()
    await page.get_by_role("button", name="Take out 79990000001").click()
    await expect(page.get_by_text("tasters, 1 member")).to_be_visible()
    await page.get_by_role("button", name="Edit").click()
    await form.get_by_role("textbox", name="Title").fill("Tasting panel")
    await form.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", name="Tasting panel", level=1)).to_be_visible()

    await page.get_by_role("link", name="Segments").click()
    await page.get_by_role("button", name="New segment").click()
    await form.get_by_role("textbox", name="Name").fill("vips")
    await form.get_by_role("combobox", name="Tags").fill("vip")
    await page.keyboard.press("Enter")
    await expect(form.get_by_role("region", name="Reach")).to_contain_text("3 recipients")
    assert await desk.faults_of_access(page) == []
    await form.get_by_role("button", name="Make the segment").click()
    await page.get_by_role("button", name="Count vips").click()
    await expect(page.get_by_role("row", name=re.compile("vips"))).to_contain_text("3 recipients")
    await page.get_by_role("button", name="Edit vips").click()
    await form.get_by_role("combobox", name="Groups").fill("tasters")
    await page.keyboard.press("Enter")
    await form.get_by_role("textbox", name="Topic").fill("offers/")
    await form.get_by_role("button", name="Save").click()
    topic = form.get_by_role("textbox", name="Topic")
    await expect(topic).to_have_attribute("aria-invalid", "true")
    await topic.fill("offers")
    await form.get_by_role("button", name="Save").click()
    row = page.get_by_role("row", name=re.compile("vips"))
    await expect(row).to_contain_text("groups tasters; has not muted offers by E-mail")
    await page.get_by_role("button", name="Edit vips").click()
    await topic.fill("")
    await form.get_by_role("button", name="Save").click()
    await expect(row).not_to_contain_text("muted")
    await page.get_by_role("button", name="Delete vips").click()
    await page.get_by_role("button", name="Delete the segment").click()
    await expect(page.get_by_text("No segments yet")).to_be_visible()


async def test_a_kind_is_made_and_changed(desk: Desk) -> None:
    key = f"order_{ObjectId()}"
    page = await console(desk, "/kinds")
    await page.get_by_role("button", name="New kind").click()
    form = page.get_by_role("dialog")
    await form.get_by_role("textbox", name="Name").fill(key)
    await form.get_by_role("switch", name="Keep it in the inbox").uncheck(force=True)
    await form.get_by_role("button", name="Make the kind").click()
    await expect(form).to_contain_text("a kind must go somewhere")
    await form.get_by_role("switch", name="Keep it in the inbox").check(force=True)
    await form.get_by_role("switch", name="Send it by e-mail").check(force=True)
    await form.get_by_role("textbox", name="Only if it is unread").fill("30")
    assert await desk.faults_of_access(page) == []
    await form.get_by_role("button", name="Make the kind").click()
    row = page.get_by_role("row", name=re.compile(key))
    await expect(row).to_contain_text("by e-mail if unread after 30 min")
    await page.get_by_role("button", name=f"Edit {key}").click()
    await form.get_by_role("textbox", name="Only if it is unread").fill("")
    await form.get_by_role("button", name="Save").click()
    await expect(row).to_contain_text("Into the inbox and by e-mail")
