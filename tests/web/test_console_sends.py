"""The console sends: a template to those who are named, a test, texts to contacts (M18, T2, T5, C1, C3)."""

import re

from playwright.async_api import Page, expect

from tests.journeys.conftest import at_work
from tests.web.conftest import Desk
from tests.web.test_console_mailings import console, people

TEMPLATE = """mutation ($input: CreateTemplateInput!) {
  createTemplate(input: $input) { errors { field message } }
}"""
ORDER = {
    "slug": "order",
    "title": "Order",
    "defaultLocale": "en",
    "variables": [
        {"name": "name", "type": "TEXT"},
        {"name": "count", "type": "NUMBER"},
        {"name": "gift", "type": "BOOLEAN", "default": False},
    ],
    "variants": [
        {
            "locale": "en",
            "subject": "Order",
            "text": "{{ name }}: {{ count }}{% if gift %} as a gift{% endif %}",
        },
        {"locale": "de", "subject": "Bestellung", "text": "{{ name }} bekommt {{ count }}"},
    ],
}


async def name(page: Page, way: str, who: str, button: str = "Add") -> None:
    await page.get_by_label("By", exact=True).last.select_option(label=way)
    await page.get_by_role("combobox", name="Who").last.fill(who)
    await page.get_by_role("button", name=button, exact=True).click()


async def test_a_template_is_filled_tried_on_one_and_sent_to_those_named(desk: Desk) -> None:
    house = desk.house
    await people(desk, 1)
    await house.ask(TEMPLATE, input=ORDER)
    await at_work(house.worker())
    page = await console(desk, "/sends")
    await page.get_by_role("link", name="Send the first one").click()
    await page.get_by_label("Words", exact=True).select_option(label="Template: Order")
    preview = page.get_by_role("region", name="Preview")
    await expect(preview).to_contain_text("`name` is missing")

    # What the API finds wrong stands where it can be put right.
    await page.get_by_role("button", name="Send", exact=True).click()
    await page.get_by_role("button", name="Send to 0 recipients").click()
    who = page.get_by_role("combobox", name="Who")
    await expect(who).to_have_attribute("aria-invalid", "true")
    await name(page, "Client, by phone", "79990000000")
    await name(page, "E-mail address", "ann@example.com")
    recipients = page.get_by_role("list", name="Recipients").get_by_role("listitem")
    await expect(recipients).to_have_text(["client 79990000000", "ann@example.com"])
    await page.get_by_role("textbox", name="name").fill("Ann")
    await page.get_by_role("textbox", name="count").fill("two")
    await page.get_by_role("button", name="Send", exact=True).click()
    await page.get_by_role("button", name="Send to 2 recipients").click()
    count = page.get_by_role("textbox", name="count")
    await expect(count).to_have_attribute("aria-invalid", "true")
    await count.fill("2")
    await page.get_by_label("gift").select_option("Yes")
    await expect(preview).to_contain_text("Ann: 2 as a gift")

    await page.get_by_role("button", name="Send a test").click()
    test = page.get_by_role("dialog")
    await name(page, "E-mail address", "me@example.com", "Choose")
    await test.get_by_role("textbox", name="Language").fill("de")
    await test.get_by_role("button", name="Send the test").click()
    outcome = test.get_by_role("status", name="What became of it")
    await expect(outcome).to_contain_text("me@example.com")
    await expect(outcome).to_contain_text("Sent")
    assert await desk.faults_of_access(page) == []
    await test.get_by_role("button", name="Done").click()

    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_role("dialog")).to_contain_text("ann@example.com")
    assert await desk.faults_of_access(page) == []
    await page.get_by_role("button", name="Send to 2 recipients").click()
    await expect(page.get_by_role("heading", name="To 2 recipients", level=1)).to_be_visible()
    await expect(page.get_by_text("2 of 2 done, 2 sent")).to_be_visible()
    await page.get_by_role("button", name=re.compile("ann@example.com: 1")).click()
    await expect(page.get_by_role("dialog")).to_contain_text("1. accepted")
    assert await desk.faults_of_access(page) == []
    (mail,), (tried,) = await house.mails("ann@example.com"), await house.mails("me@example.com")
    assert "Ann: 2 as a gift" in str(mail)
    assert "Ann bekommt 2" in str(tried)

    await page.goto(f"{desk.origin}/console/sends")
    rows = page.get_by_role("table", name="Sends").get_by_role("row")
    await expect(rows).to_have_count(3)
    await expect(rows.nth(1)).to_contain_text("Finished")


async def test_contacts_are_kept_and_written_to(desk: Desk) -> None:
    page = await console(desk, "/contacts", role="sender")
    await page.get_by_role("button", name="Add the first one").click()
    form = page.get_by_role("dialog")
    await form.get_by_role("button", name="Add the contact").click()
    field = form.get_by_role("textbox", name="Name")
    await expect(field).to_have_attribute("aria-invalid", "true")
    await field.fill("Ann")
    await form.get_by_role("textbox", name="Telegram").fill("7000001")
    assert await desk.faults_of_access(page) == []
    await form.get_by_role("button", name="Add the contact").click()
    await page.get_by_role("button", name="New contact").click()
    await field.fill("Bo")
    await form.get_by_role("textbox", name="WhatsApp").fill("4915112345678")
    await form.get_by_role("button", name="Add the contact").click()
    await page.get_by_role("button", name="Edit Bo").click()
    await field.fill("Bob")
    await form.get_by_role("button", name="Save").click()

    for who in ("Ann", "Bob"):
        await page.get_by_role("checkbox", name=f"Choose {who}").check()
    await page.get_by_role("button", name="Write to 2").click()
    await form.get_by_role("textbox", name="Text").fill("The bell rings!")
    assert await desk.faults_of_access(page) == []
    await form.get_by_role("button", name="Send").click()
    await expect(page.get_by_text("2 messages on the way to 2 contacts")).to_be_visible()
    await page.get_by_role("button", name="Delete Bob").click()
    assert await desk.faults_of_access(page) == []
    await page.get_by_role("button", name="Delete the contact").click()
    await expect(page.get_by_text("1 in all")).to_be_visible()
