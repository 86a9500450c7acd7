"""Users through the front door: how they are written to is saved, read and refused."""

from typing import Any

import pytest
from bson import ObjectId

from tests.graph.conftest import Edge

SAVE = """mutation ($input: SaveUserInput!) { saveUser(input: $input) {
  user { userId email locale timeZone unread groups { name } } errors { field code } } }"""
SAVE_MANY = """mutation ($input: SaveUsersInput!) { saveUsers(input: $input) {
  results { user { email } errors { field code } } errors { field code } } }"""
SHOW = "query ($id: ID!) { user(id: $id) { userId email locale timeZone unread groups { name } } }"
LIST = """query ($first: Int!, $after: String) { users(first: $first, after: $after) {
  nodes { userId } edges { cursor } pageInfo { hasNextPage endCursor } } }"""
NEW: dict[str, Any] = {"locale": None, "timeZone": "UTC", "unread": 0, "groups": []}


async def save(edge: Edge, user: str, **said: Any) -> Any:
    answer = (await edge.data(SAVE, {"input": {"userId": user, **said}}))["saveUser"]
    assert (answer["user"] is None) == bool(answer["errors"])
    return answer["user"] or answer["errors"]


@pytest.fixture
def user() -> str:
    return str(ObjectId())


async def test_what_is_said_is_kept_and_null_clears_a_locale(edge: Edge, user: str) -> None:
    said = {"email": "ann@example.com", "locale": "de-AT", "timeZone": "Asia/Tokyo"}
    shown = {"userId": user, **NEW, **said}
    assert await save(edge, user, **said) == shown
    assert (await edge.data(SHOW, {"id": user}))["user"] == shown
    assert await save(edge, user, locale=None) == {**shown, "locale": None}


async def test_an_unknown_user_is_none(edge: Edge, user: str) -> None:
    assert (await edge.data(SHOW, {"id": user}))["user"] is None


async def test_mistakes_name_their_fields(edge: Edge, user: str) -> None:
    assert await save(edge, user, email=None, timeZone="Nowhere") == [
        {"field": "email", "code": "BLANK"},
        {"field": "timeZone", "code": "INVALID"},
    ]
    assert (await edge.data(SHOW, {"id": user}))["user"] is None


async def test_each_of_many_has_its_answer_also_under_a_key(edge: Edge, user: str) -> None:
    said = [{"userId": user, "email": "a@example.com"}, {"userId": user}, {"userId": "x"}]
    given = {"users": said, "idempotencyKey": user}
    for _ in range(2):
        answer = (await edge.data(SAVE_MANY, {"input": given}))["saveUsers"]
        assert [each["user"] for each in answer["results"]] == [
            {"email": "a@example.com"},
            None,
            None,
        ]
        codes = [[at["code"] for at in each["errors"]] for each in answer["results"]]
        assert codes == [[], ["TAKEN"], ["INVALID"]]
    edge.database.users.update_one({"_id": ObjectId(user)}, {"$set": {"email": "b@example.com"}})
    await edge.data(SAVE_MANY, {"input": given})
    assert (await edge.data(SHOW, {"id": user}))["user"]["email"] == "b@example.com"


async def test_a_user_shows_its_groups(edge: Edge, user: str) -> None:
    await save(edge, user)
    name = f"g{user}"
    create = """mutation ($name: String!, $members: [MemberInput!]!) {
      createGroup(input: {name: $name}) { errors { code } }
      addToGroup(input: {group: $name, members: $members}) { errors { code } } }"""
    await edge.data(create, {"name": name, "members": [{"userId": user}]})
    assert (await edge.data(SHOW, {"id": user}))["user"]["groups"] == [{"name": name}]


async def test_users_are_listed_by_page(edge: Edge) -> None:
    users = [str(ObjectId()) for _ in range(3)]
    for each in users:
        await save(edge, each)
    found: list[str] = []
    after = None
    while True:
        page = (await edge.data(LIST, {"first": 2, "after": after}))["users"]
        found += [node["userId"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert len(found) == len(set(found))
    assert [each for each in found if each in users] == users


async def test_a_sender_may_write_to_a_user_and_does_not_see_where(edge: Edge, user: str) -> None:
    await save(edge, user, email="secret@example.com")
    send = """mutation ($user: ID!) { send(input: {
      to: {recipients: [{userId: $user}]}, words: {subject: "Hi", text: "Hello"}
    }) { send { messages(first: 1) { nodes { address userId } } } } }"""
    for role, shown in (("sender", "***"), ("operator", "secret@example.com")):
        sent = (await edge.ask(send, {"user": user}, role))["data"]["send"]["send"]
        assert sent["messages"]["nodes"] == [{"address": shown, "userId": user}]


async def test_a_save_is_on_record_with_its_user(edge: Edge, user: str) -> None:
    await save(edge, user, locale="de")
    log = """{ auditLog(first: 1, filter: {action: "saveUser"}) {
      nodes { targets outcome } } }"""
    assert (await edge.data(log))["auditLog"]["nodes"] == [{"targets": [user], "outcome": "DONE"}]
