"""Users whom a team has told Belfry of: where, in which language and when they get e-mail (N6, N7, T1)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from bson import ObjectId

from tests.journeys.commands import DOCS, blocks, command
from tests.journeys.conftest import UNKNOWN, House, at_work, eventually

TEMPLATE = """mutation { createTemplate(input: {slug: "login", title: "Login", variants: [
  {subject: "New login", text: "Was it you?"}
  {locale: "de", subject: "Neue Anmeldung", text: "Warst du es?"}
]}) { errors { field message } } }"""
KIND = """mutation ($template: String) {
  updateKind(input: {key: "new_login", template: $template}) { errors { field message } } }"""
SAVE = """mutation ($input: SaveUserInput!) {
  saveUser(input: $input) { user { email locale timeZone } errors { field message } } }"""
NOTIFY = """mutation ($user: ID!) {
  createNotification(input: {userId: $user, key: "new_login"}) { messageId errors { message } } }"""
SEND = (
    """mutation ($input: SendInput!) { send(input: $input) { send { id } errors { message } } }"""
)
SENT = """query ($id: ID!) {
  send(id: $id) { messages(first: 9) { nodes { address status dueAt } } } }"""


@pytest.fixture
def user() -> str:
    return str(ObjectId())


async def subject(house: House, address: str) -> Any:
    """Of the only mail for an address, once it is there."""
    (found,) = await eventually(lambda: house.mails(address))
    return found["headers"]["Subject"]


async def test_a_saved_user_gets_its_mail_at_its_address_in_its_language(
    house: House, user: str
) -> None:
    """N6, N7 and T1: also what was queued before its address was known."""
    assert (await house.ask(TEMPLATE))["createTemplate"]["errors"] == []
    assert (await house.ask(KIND, template="login"))["updateKind"]["errors"] == []
    try:
        await house.ask(NOTIFY, user=user)
        said = {"userId": user, "email": "ann@example.com", "locale": "de-AT"}
        saved = (await house.ask(SAVE, input=said))["saveUser"]
        assert saved["errors"] == []
        await at_work(house.worker())
        assert await subject(house, "ann@example.com") == "New login"
        moved = {"userId": user, "email": "ann@example.net"}
        await house.ask(SAVE, input=moved)
        await house.ask(NOTIFY, user=user)
        assert await subject(house, "ann@example.net") == "Neue Anmeldung"
        assert await house.mails(UNKNOWN) == []
    finally:
        await house.ask(KIND, template=None)


async def test_a_user_is_reached_in_the_window_of_its_own_clock(house: House, user: str) -> None:
    """M22 for users: at night it waits for its morning, and moves with its user."""
    zone, now = "Asia/Tokyo", datetime.now(UTC)
    said = {"userId": user, "email": "bo@example.com", "timeZone": zone}
    assert (await house.ask(SAVE, input=said))["saveUser"]["errors"] == []
    hours = {"from": f"{now - timedelta(hours=1):%H:%M}", "to": f"{now + timedelta(hours=2):%H:%M}"}
    given = {"to": {"recipients": [{"userId": user}]}, "window": hours}
    given["words"] = {"subject": "Hello", "text": "Good morning."}
    sent = (await house.ask(SEND, input=given))["send"]
    assert sent["errors"] == []
    await at_work(house.worker())
    (row,) = (await house.ask(SENT, id=sent["send"]["id"]))["send"]["messages"]["nodes"]
    due = datetime.fromisoformat(row["dueAt"])
    assert (row["status"], due > now) == ("PENDING", True)
    assert f"{due.astimezone(ZoneInfo(zone)):%H:%M}" == hours["from"]
    assert await house.mails("bo@example.com") == []
    await house.ask(SAVE, input={"userId": user, "timeZone": "UTC"})
    assert await subject(house, "bo@example.com") == "Hello"


async def test_the_page_on_users_keeps_its_word(house: House) -> None:
    (document,) = blocks((DOCS / "sends.md").read_text().partition("## Users")[2], "graphql")
    said = {"email": "ann@example.com", "locale": "de-AT", "timeZone": "Europe/Vienna"}
    assert (await house.ask(document))["saveUser"] == {"user": said, "errors": []}


async def test_users_are_saved_and_shown_on_the_command_line(
    house: House, user: str, tmp_path: Path
) -> None:
    belfry = command(house, tmp_path)
    unknown = await belfry.run("users", "show", user)
    assert (unknown.code, "belfry users save" in unknown.complaint) == (1, True)
    ways = ("--email", "ann@example.com", "--locale", "de", "--zone", "Europe/Riga")
    saved = await belfry.ask("users", "save", user, *ways)
    assert (saved["email"], saved["locale"], saved["timeZone"]) == ways[1::2]
    cleared = await belfry.ask("users", "save", user, "--locale", "")
    assert cleared == {**saved, "locale": None}
    assert await belfry.ask("users", "show", user) == cleared
    listed = await belfry.run("users", "list")
    assert user in listed.said and "Europe/Riga" in listed.said
    wrong = await belfry.run("users", "save", user, "--zone", "Mars/North")
    assert (wrong.code, "timeZone" in wrong.complaint) == (1, True)
