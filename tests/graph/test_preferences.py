"""A settings page needs no more than this, and opens nobody else's."""

from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId

from tests import examples
from tests.graph.asking import refusal
from tests.graph.conftest import OWN, Edge, token

FIELDS = """muted { topic channel }
  topics { key critical channels { channel muted } }"""
SHOW = f"query ($owner: PreferencesOwnerInput!) {{ preferences(owner: $owner) {{ {FIELDS} }} }}"
SET = f"""mutation ($input: SetPreferencesInput!) {{
  setPreferences(input: $input) {{ preferences {{ {FIELDS} }} errors {{ field code }} }} }}"""
KIND = """mutation ($input: CreateKindInput!) {
  createKind(input: $input) { kind { critical } errors { field } } }"""
NOTIFY = """mutation ($input: CreateNotificationInput!) { createNotification(input: $input) {
  notification { id } muted unread messageId errors { field } } }"""
LOG = """query { auditLog(first: 5, filter: {action: "setPreferences"}) {
  nodes { by outcome input } } }"""


async def set_as(edge: Edge, role: str, user: str, subject: str = OWN, **said: Any) -> Any:
    given = {"owner": {"userId": user}, **said}
    return await edge.ask(SET, {"input": given}, role, subject)


def row(preferences: Any, key: str) -> Any:
    (found,) = (topic for topic in preferences["topics"] if topic["key"] == key)
    return found


async def test_a_subscriber_sees_a_row_for_each_kind_and_mutes_by_its_cells(edge: Edge) -> None:
    user, key = str(ObjectId()), f"k.{ObjectId()}"
    made = await edge.data(KIND, {"input": {"key": key, "email": True, "critical": True}})
    assert made["createKind"] == {"kind": {"critical": True}, "errors": []}
    wish = [{"topic": "new_login", "channel": "IN_APP"}, {"topic": "promo", "channel": "EMAIL"}]
    answer = await set_as(edge, "subscriber", user, user, mute=wish)
    changed = answer["data"]["setPreferences"]
    assert changed["errors"] == []
    shown = (await edge.ask(SHOW, {"owner": {"userId": user}}, "subscriber", user))["data"]
    assert shown["preferences"] == changed["preferences"]
    assert shown["preferences"]["muted"] == wish
    assert row(shown["preferences"], "new_login") == {
        "key": "new_login",
        "critical": False,
        "channels": [{"channel": "IN_APP", "muted": True}, {"channel": "EMAIL", "muted": False}],
    }
    assert row(shown["preferences"], key)["critical"]
    cells = row(shown["preferences"], "promo")["channels"]
    assert [cell["channel"] for cell in cells if cell["muted"]] == ["EMAIL"]
    keys = [topic["key"] for topic in shown["preferences"]["topics"]]
    assert keys == sorted(keys)


async def test_what_is_critical_shows_as_not_muted_and_can_not_be(edge: Edge) -> None:
    user, key = str(ObjectId()), f"k.{ObjectId()}"
    await edge.data(KIND, {"input": {"key": key, "critical": True}})
    everything = [{"topic": None, "channel": None}]
    shown = (await set_as(edge, "admin", user, muted=everything))["data"]["setPreferences"]
    assert row(shown["preferences"], key)["channels"] == [{"channel": "IN_APP", "muted": False}]
    assert row(shown["preferences"], "new_post")["channels"][0]["muted"]
    refused = (await set_as(edge, "admin", user, mute=[{"topic": key}]))["data"]["setPreferences"]
    assert refused["errors"] == [{"field": "mute.0.topic", "code": "NOT_ALLOWED_NOW"}]


async def test_a_muted_notification_says_so(edge: Edge) -> None:
    user = str(ObjectId())
    await set_as(edge, "admin", user, mute=[{"topic": "new_post", "channel": "IN_APP"}])
    for key, muted in (("new_post", True), ("new_message", False)):
        made = await edge.data(NOTIFY, {"input": {"userId": user, "key": key}})
        made = made["createNotification"]
        assert (made["muted"], made["notification"] is None) == (muted, muted)
        assert made["errors"] == []


@pytest.mark.parametrize("role", ["subscriber", "sender"])
async def test_preferences_of_somebody_else_stay_shut(edge: Edge, role: str) -> None:
    other = str(ObjectId())
    assert refusal(await set_as(edge, role, other, mute=[{"topic": "a"}])) == "FORBIDDEN"
    owners: list[dict[str, str]] = [{"userId": other}, {"userId": ""}, {"clientId": "Q2xpZW50OjE"}]
    for owner in owners:
        answer = await edge.ask(SHOW, {"owner": owner}, role)
        assert refusal(answer) == "FORBIDDEN"


async def test_an_operator_changes_a_clients_and_that_is_on_record(edge: Edge) -> None:
    made = await edge.data(
        "mutation ($p: String!) { createClient(input: {phone: $p}) { client { id } } }",
        {
            "p": f"7{ObjectId().binary[-4:].hex()[:3].translate(str.maketrans('abcdef', '012345'))}"
            f"{int(ObjectId().binary[-3:].hex(), 16) % 10**7:07}"
        },
    )
    owner = {"clientId": made["createClient"]["client"]["id"]}
    wish = [{"channel": "EMAIL"}]
    answer = await edge.ask(SET, {"input": {"owner": owner, "mute": wish}}, "operator")
    changed = answer["data"]["setPreferences"]["preferences"]
    assert changed["muted"] == [{"topic": None, "channel": "EMAIL"}]
    (last, *_) = (await edge.data(LOG))["auditLog"]["nodes"]
    assert (last["by"], last["outcome"]) == (OWN, "DONE")
    assert owner["clientId"] in last["input"]


async def test_ones_own_changes_are_not_on_record(edge: Edge) -> None:
    user = str(ObjectId())
    await set_as(edge, "subscriber", user, user, mute=[{"topic": "a"}])
    nodes = (await edge.data(LOG))["auditLog"]["nodes"]
    assert all(user not in node["input"] for node in nodes)


@pytest.mark.parametrize("owner", [{}, {"userId": OWN, "clientId": "x"}, {"userId": None}])
async def test_exactly_one_owner_must_be_named(edge: Edge, owner: dict[str, Any]) -> None:
    async with edge.http.post(
        "/graphql",
        json={"query": SHOW, "variables": {"owner": owner}},
        headers={"Authorization": f"Bearer {token('admin')}"},
    ) as response:
        answer = await response.json()
    assert answer["errors"]
    assert not answer.get("data")


async def test_the_settings_page_of_the_documentation_works(edge: Edge, tmp_path: Path) -> None:
    user = str(ObjectId())
    page = examples.python("preferences.md", tmp_path).SettingsPage(
        edge.address, token("subscriber", user), user
    )
    await page.load()
    cells = row({"topics": page.rows}, "new_login")["channels"]
    assert cells == [{"channel": at, "muted": False} for at in ("IN_APP", "EMAIL")]
    for on in (False, True):
        await page.switch("new_login", "EMAIL", on=on)
        cells = row({"topics": page.rows}, "new_login")["channels"]
        assert [cell["muted"] for cell in cells] == [False, not on]
    with pytest.raises(ValueError, match="with a letter first"):
        await page.switch("No Topic", "EMAIL", on=False)
