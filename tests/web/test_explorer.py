"""The explorer in Chromium, with nothing from elsewhere (G4, M17)."""

import json
import re
from pathlib import Path

from bson import ObjectId
from graphql import build_schema, parse, validate
from playwright.async_api import Page, expect

from tests.journeys.conftest import eventually
from tests.web.conftest import Desk
from tests.web.test_bell import CREATE

ROOT = Path(__file__).parents[2]


async def explore(desk: Desk, path: str = "/graphiql") -> Page:
    page = await desk.tab(f"{path}#token={desk.house.token()}")
    # The schema is there once the documentation knows its root.
    await page.get_by_role("button", name="Show Documentation Explorer").click()
    await expect(page.get_by_role("link", name="Query", exact=True)).to_be_visible()
    return page


async def write(page: Page, query: str, variables: object = None) -> None:
    """Put an operation into the editors, as a paste does."""
    await page.get_by_role("button", name="New tab").click()
    await _paste(page, ".graphiql-query-editor", query)
    if variables is not None:
        await _paste(page, ".graphiql-editor-tool", json.dumps(variables))


async def _paste(page: Page, place: str, text: str) -> None:
    editor = page.locator(f"{place} .monaco-editor").first
    await editor.click()
    await page.keyboard.press("Control+A")
    await page.keyboard.press("Delete")
    await page.keyboard.insert_text(text)


async def run(page: Page) -> None:
    await page.get_by_role("button", name=re.compile("Execute query")).click()


async def test_a_query_is_answered_and_the_schema_can_be_read(desk: Desk) -> None:
    page = await explore(desk, "/docs")
    await write(page, "query Total { statistics { total } }")
    # The tab has the name of its operation once the editor has read that, and runs it from then on.
    await expect(page.get_by_role("tab", name="Total")).to_be_visible()
    await run(page)
    await expect(page.locator(".result-window")).to_contain_text('"total"')
    assert "token" not in page.url


async def test_a_subscription_shows_what_comes_in(desk: Desk) -> None:
    page = await explore(desk)
    user = str(ObjectId())
    query = "subscription ($u: ID!) { inboxEvents(userId: $u) { __typename unread } }"
    await write(page, query, {"u": user})
    await run(page)
    await expect(page.get_by_role("button", name=re.compile("Stop query"))).to_be_visible()

    async def heard() -> bool:
        said = {"userId": user, "key": "new_message"}
        await desk.house.ask(CREATE, input=said)
        return "NotificationCreated" in await page.locator(".result-window").inner_text()

    # A notification that comes before the subscription has begun is not heard; another one is.
    await eventually(heard)
    await page.get_by_role("button", name=re.compile("Stop query")).click()


def test_its_examples_are_operations_of_the_schema() -> None:
    schema = build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))
    source = (ROOT / "web" / "explorer" / "examples.ts").read_text(encoding="utf-8")
    examples = re.findall(r"query: `(.*?)`", source, re.DOTALL)
    assert len(examples) == 4
    for example in examples:
        assert validate(schema, parse(example)) == []
