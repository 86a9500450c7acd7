"""Groups and segments through the front door."""

from typing import Any

import pytest
from bson import ObjectId

from tests.graph.conftest import Edge

ADD = """mutation ($group: String!, $members: [MemberInput!]!) {
  addToGroup(input: {group: $group, members: $members}) {
    results { clientId userId errors { field code } } errors { field code }
  } }"""
REMOVE = ADD.replace("addToGroup", "removeFromGroup")
SHOW = """query ($name: String!, $first: Int!, $after: String) { group(name: $name) {
  title count members(first: $first, after: $after) {
    nodes { client { id } userId email } pageInfo { hasNextPage endCursor } } } }"""
CREATE = """mutation ($name: String!) {
  createGroup(input: {name: $name}) { group { id name } errors { field code } } }"""


@pytest.fixture
async def group(edge: Edge) -> str:
    """A group that no other test knows."""
    name = f"g{ObjectId()}"
    made = await edge.data(CREATE, {"name": name})
    assert made["createGroup"]["group"]["name"] == name
    return name


async def client(edge: Edge, **said: Any) -> str:
    """A new client's id."""
    phone = f"7{int(str(ObjectId())[-8:], 16) % 10**10:010}"
    made = await edge.data(
        """mutation ($input: CreateClientInput!) {
          createClient(input: $input) { client { id locale } errors { field } } }""",
        {"input": {"phone": phone, **said}},
    )
    assert made["createClient"]["errors"] == []
    found: str = made["createClient"]["client"]["id"]
    return found


async def test_members_come_and_go_and_each_has_its_answer(edge: Edge, group: str) -> None:
    ids = [await client(edge) for _ in range(2)]
    edge.database.users.insert_one({"_id": (user := ObjectId()), "email": "u@example.com"})
    members = [{"clientId": one} for one in ids] + [{"userId": str(user)}, {"clientId": "x"}]
    added = (await edge.data(ADD, {"group": group, "members": members}))["addToGroup"]
    assert [one["errors"] for one in added["results"]][:3] == [[], [], []]
    assert added["results"][3]["errors"] == [{"field": "clientId", "code": "NOT_FOUND"}]
    first = (await edge.data(SHOW, {"name": group, "first": 2}))["group"]
    assert (first["title"], first["count"]) == (group, 3)
    assert [node["client"]["id"] for node in first["members"]["nodes"]] == ids
    after = first["members"]["pageInfo"]["endCursor"]
    rest = (await edge.data(SHOW, {"name": group, "first": 2, "after": after}))["group"]["members"]
    assert rest["nodes"] == [{"client": None, "userId": str(user), "email": "u@example.com"}]
    assert not rest["pageInfo"]["hasNextPage"]
    await edge.data(REMOVE, {"group": group, "members": members[:2]})
    assert (await edge.data(SHOW, {"name": group, "first": 1}))["group"]["count"] == 1


async def test_a_member_is_named_in_one_way(edge: Edge, group: str) -> None:
    both = [{"clientId": "x", "phone": "79991234567"}]
    answer = await edge.ask(ADD, {"group": group, "members": both})
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert "exactly one key" in answer["errors"][0]["message"]


async def test_a_foreign_cursor_is_refused(edge: Edge, group: str) -> None:
    answer = await edge.ask(SHOW, {"name": group, "first": 1, "after": "x"})
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_groups_are_listed_renamed_and_deleted(edge: Edge, group: str) -> None:
    update = """mutation ($name: String!) { updateGroup(input: {name: $name, title: "Press"}) {
      group { title } errors { field } } }"""
    changed = (await edge.data(update, {"name": group}))["updateGroup"]
    assert changed == {"group": {"title": "Press"}, "errors": []}
    listed = await edge.data(
        "{ groups(first: 100) { totalCount nodes { name title } pageInfo { hasNextPage } } }"
    )
    assert {"name": group, "title": "Press"} in listed["groups"]["nodes"]
    delete = """mutation ($name: String!) {
      deleteGroup(input: {name: $name}) { group { name } errors { field code } } }"""
    assert (await edge.data(delete, {"name": group}))["deleteGroup"]["errors"] == []
    again = (await edge.data(delete, {"name": group}))["deleteGroup"]
    assert again == {"group": None, "errors": [{"field": "name", "code": "NOT_FOUND"}]}


async def test_a_segment_is_counted_and_used(edge: Edge, group: str) -> None:
    name, tag = f"s{ObjectId()}", str(ObjectId())
    one = await client(edge, tags=[tag], locale="de-at", timeZone="Europe/Vienna")
    await client(edge, tags=[tag], locale="en")
    await edge.data(ADD, {"group": group, "members": [{"clientId": one}]})
    said = {
        "tags": [tag],
        "locales": ["de"],
        "timeZones": ["Europe/Vienna"],
        "groups": [group],
        "accepts": {"topic": "news", "channel": "EMAIL"},
    }
    made = await edge.data(
        """mutation ($name: String!, $filter: AudienceInput!) {
          createSegment(input: {name: $name, filter: $filter}) {
            segment {
              count sample { id locale }
              filter { tags locales timeZones groups accepts { topic channel } }
            } errors { field message } } }""",
        {"name": name, "filter": said},
    )
    assert made["createSegment"]["errors"] == []
    assert made["createSegment"]["segment"] == {
        "count": 1,
        "sample": [{"id": one, "locale": "de-AT"}],
        "filter": said,
    }
    counted = await edge.data(
        "query ($filter: AudienceInput!) { audience(filter: $filter) { total users } }",
        {"filter": {"segments": [name]}},
    )
    assert counted["audience"] == {"total": 1, "users": 0}
    change = """mutation ($name: String!) {
      updateSegment(input: {name: $name, filter: {operatorCodes: ["1"]}, title: "T"}) {
        segment { title } errors { field code } } }"""
    changed = (await edge.data(change, {"name": name}))["updateSegment"]
    assert changed["errors"] == [{"field": "filter.operatorCodes", "code": "INVALID"}]
    listed = await edge.data(
        "query ($n: String!) { segment(name: $n) { title filter { tags } } }", {"n": name}
    )
    assert listed["segment"] == {"title": name, "filter": {"tags": [tag]}}
    delete = """mutation ($name: String!) {
      deleteSegment(input: {name: $name}) { segment { name } errors { field code } } }"""
    assert (await edge.data(delete, {"name": name}))["deleteSegment"]["errors"] == []
