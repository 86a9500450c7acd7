"""Contacts through the schema: each caller's own, and what its messages came to (C1 to C4)."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from bson import Binary

from core import clock
from graph import ids
from tests.graph.conftest import Edge

FIELDS = "contact { id name telegram whatsapp viber } errors { field code }"
CREATE = f"mutation ($input: CreateContactInput!) {{ createContact(input: $input) {{ {FIELDS} }} }}"
UPDATE = f"mutation ($input: UpdateContactInput!) {{ updateContact(input: $input) {{ {FIELDS} }} }}"
DELETE = f"mutation ($input: DeleteContactInput!) {{ deleteContact(input: $input) {{ {FIELDS} }} }}"
LIST = """query ($name: String!, $first: Int!, $after: String) {
  contacts(name: $name, first: $first, after: $after) {
    totalCount nodes { name } pageInfo { hasNextPage endCursor } } }"""
SEND = """mutation ($input: SendToContactsInput!) { sendToContacts(input: $input) {
  results { messages { id } } errors { field code message } } }"""
FAILED = """query ($after: String, $first: Int) { failedMessages(first: $first, after: $after) {
  nodes { id sender text contact channel address dueAt failedAt status why attemptCount
    attempts { code } } pageInfo { hasNextPage endCursor } } }"""
RETRY = """mutation ($ids: [ID!]!) {
  retryFailedMessages(input: {messageIds: $ids}) { count errors { field code } } }"""
MESSAGE = "query ($id: ID!) { message(id: $id) { status contactId } }"


@pytest.fixture
def sender(user_id: str) -> str:
    """A sender that no other test knows."""
    return user_id


async def ask(edge: Edge, sender: str, document: str, **variables: Any) -> Any:
    answer = await edge.ask(document, variables, role="sender", subject=sender)
    assert "errors" not in answer, answer
    (said,) = answer["data"].values()
    return said


async def failed(edge: Edge, sender: str, count: int) -> list[str]:
    """Messages of a sender that were given up; their ids, the last one first."""
    now = clock.cut(clock.now())
    usual = {"mailing_id": None, "channel": "viber", "address": "a1b2=", "status": "failed"}
    times = dict.fromkeys(("due_at", "planned_at", "created_at", "closed_at", "end_at"), now)
    words = {"content": {"subject": "", "text": "Hello"}, "contact_name": "Ann", "why": "refused"}
    keys = sorted((uuid4() for _ in range(count)), reverse=True)
    same = {**usual, **times, **words, "by": sender, "maybe_sent": False, "attempts": 1}
    rows = [{"_id": Binary.from_uuid(key), **same} for key in keys]
    await asyncio.to_thread(edge.database["messages"].insert_many, rows)
    return [ids.opaque("Message", key) for key in keys]


async def test_a_sender_keeps_contacts_of_its_own(edge: Edge, sender: str) -> None:
    made = await ask(edge, sender, CREATE, input={"name": "Ann", "telegram": "4711"})
    assert made["errors"] == []
    key = made["contact"].pop("id")
    assert made["contact"] == {"name": "Ann", "telegram": "4711", "whatsapp": None, "viber": None}
    changed = await ask(edge, sender, UPDATE, input={"id": key, "viber": "a1b2=", "telegram": None})
    assert (changed["contact"]["viber"], changed["contact"]["telegram"]) == ("a1b2=", None)
    last = await ask(edge, sender, UPDATE, input={"id": key, "viber": None})
    assert last["errors"] == [{"field": "telegram", "code": "BLANK"}]
    assert (await ask(edge, sender, LIST, name="AN", first=5))["nodes"] == [{"name": "Ann"}]
    assert (await ask(edge, str(uuid4()), LIST, name="", first=5))["totalCount"] == 0
    gone = await ask(edge, sender, DELETE, input={"name": "ANN"})
    assert gone["contact"]["id"] == key
    assert (await ask(edge, sender, LIST, name="", first=5))["totalCount"] == 0


async def test_contacts_come_in_pages(edge: Edge, sender: str) -> None:
    for number in range(3):
        await ask(edge, sender, CREATE, input={"name": f"C{number}", "telegram": "1"})
    first = await ask(edge, sender, LIST, name="", first=2)
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (3, True)
    after = first["pageInfo"]["endCursor"]
    rest = await ask(edge, sender, LIST, name="", first=2, after=after)
    assert (rest["nodes"], rest["pageInfo"]["hasNextPage"]) == ([{"name": "C2"}], False)


@pytest.mark.parametrize("said", [{}, {"id": "x", "name": "Ann"}, {"id": "x"}])
async def test_a_contact_to_delete_is_named_in_one_way(
    edge: Edge, sender: str, said: dict[str, str]
) -> None:
    answer = await ask(edge, sender, DELETE, input=said)
    assert [error["field"] for error in answer["errors"]] == ["id"]


async def test_a_messenger_that_is_not_set_up_here_is_told(edge: Edge, sender: str) -> None:
    await ask(edge, sender, CREATE, input={"name": "Ann", "viber": "a1b2="})
    answer = await ask(edge, sender, SEND, input={"names": ["Ann"], "text": "Hello"})
    (error,) = answer["errors"]
    assert (error["field"], error["code"]) == ("channels", "NOT_ALLOWED_NOW")
    assert "VIBER_TOKEN" in error["message"]


async def test_what_failed_is_listed_in_pages_and_tried_again(edge: Edge, sender: str) -> None:
    keys = await failed(edge, sender, 3)
    first = await ask(edge, sender, FAILED, first=2)
    (one, two), info = first["nodes"], first["pageInfo"]
    assert ([one["id"], two["id"]], info["hasNextPage"]) == (keys[:2], True)
    shown = {name: one[name] for name in ("sender", "text", "contact", "channel", "address")}
    assert shown == {
        "sender": sender,
        "text": "Hello",
        "contact": "Ann",
        "channel": "VIBER",
        "address": "a1b2=",
    }
    assert (one["status"], one["attempts"], one["failedAt"]) == ("FAILED", [], one["dueAt"])
    rest = await ask(edge, sender, FAILED, first=2, after=info["endCursor"])
    assert [node["id"] for node in rest["nodes"]] == keys[2:]
    assert (await ask(edge, sender, RETRY, ids=keys)) == {"count": 3, "errors": []}
    assert (await ask(edge, sender, FAILED, first=2))["nodes"] == []


async def test_of_the_messages_of_others_a_sender_learns_nothing(edge: Edge, sender: str) -> None:
    (key,) = await failed(edge, sender, 1)
    other = str(uuid4())
    assert await ask(edge, sender, MESSAGE, id=key) == {"status": "FAILED", "contactId": None}
    assert await ask(edge, other, MESSAGE, id=key) is None
    assert (await edge.data(MESSAGE, {"id": key}))["message"]["status"] == "FAILED"
    answer = await ask(edge, other, RETRY, ids=[key])
    assert answer["errors"] == [{"field": "messageIds.0", "code": "NOT_FOUND"}]


@pytest.mark.parametrize(
    "after",
    [
        "x",
        ids.opaque("FailedMessage", "x", UUID(int=1)),
        ids.opaque("FailedMessage", 1),
        ids.opaque("FailedMessage", 10**18, UUID(int=1)),
        ids.opaque("Message", UUID(int=1)),
    ],
)
async def test_a_cursor_that_is_none_is_refused(edge: Edge, sender: str, after: str) -> None:
    answer = await edge.ask(FAILED, {"after": after, "first": 1}, role="sender", subject=sender)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
