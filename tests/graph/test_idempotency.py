"""Repeats of creating mutations under an idempotency key (X6)."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from local.mongod import Mongod
from local.ports import free_port
from tests.graph.conftest import OWN, Edge, environment, token
from tests.processes import Api
from tests.waiting import until

NOW, LATER = "2027-01-01T00:00:00Z", "2027-01-02T00:00:00Z"


def phone() -> str:
    """A phone that no other test has."""
    return f"7{uuid4().int % 10**10:010}"


def client(**said: Any) -> dict[str, Any]:
    return {"phone": phone(), "timeZone": "UTC", **said}


def mailing(**said: Any) -> dict[str, Any]:
    times = {"startAt": NOW, "endAt": LATER}
    return {"name": "Feast", "text": "Come!", "audience": {"all": True}, **times, **said}


MUTATIONS: dict[str, tuple[str, str, Callable[[], dict[str, Any]]]] = {
    "createClient": ("clients", "client { id phone email updatedAt }", client),
    "createClients": (
        "clients",
        "results { client { id phone } errors { field code } }",
        lambda: {"clients": [client(), client(phone="1"), client()]},
    ),
    "createGroup": ("groups", "group { id name }", lambda: {"name": f"g{uuid4().hex}"}),
    "createKind": ("kinds", "kind { id key title }", lambda: {"key": f"k{uuid4().hex}"}),
    "createMailing": ("mailings", "mailing { id name version }", mailing),
    "createNotification": (
        "users",
        "notification { id cursor } unread",
        lambda: {"userId": uuid4().hex[:24], "key": "new_post"},
    ),
    "createSegment": (
        "segments",
        "segment { id name }",
        lambda: {"name": f"s{uuid4().hex}", "filter": {"tags": ["vip"]}},
    ),
    "send": (
        "sends",
        "send { id lane }",
        lambda: {"words": {"text": "Hi"}, "to": {"recipients": [{"phone": phone()}]}},
    ),
}
"""By name: what it writes to, what it is asked for, and an input."""


def document(name: str) -> str:
    asked = f"{name}(input: $input) {{ {MUTATIONS[name][1]} errors {{ field code }} }}"
    return f"mutation ($input: {name[0].upper()}{name[1:]}Input!) {{ {asked} }}"


async def asked(edge: Edge, name: str, said: dict[str, Any]) -> Any:
    return (await edge.data(document(name), {"input": said}))[name]


@pytest.mark.parametrize("name", MUTATIONS)
async def test_a_repeat_gets_the_first_answer_and_makes_nothing(edge: Edge, name: str) -> None:
    collection = edge.database[MUTATIONS[name][0]]
    said = {**MUTATIONS[name][2](), "idempotencyKey": uuid4().hex}
    first = await asked(edge, name, said)
    assert first["errors"] == []
    count = collection.count_documents({})
    assert await asked(edge, name, said) == first
    assert collection.count_documents({}) == count


@pytest.mark.parametrize("name", MUTATIONS)
async def test_repeats_at_the_same_moment_get_one_answer(edge: Edge, name: str) -> None:
    said = {**MUTATIONS[name][2](), "idempotencyKey": uuid4().hex}
    first, *others = await asyncio.gather(*(asked(edge, name, said) for _ in range(16)))
    assert first["errors"] == []
    assert others == [first] * 15


@pytest.mark.parametrize("name", MUTATIONS)
async def test_another_input_under_the_key_is_a_conflict(edge: Edge, name: str) -> None:
    key = {"idempotencyKey": uuid4().hex}
    await asked(edge, name, {**MUTATIONS[name][2](), **key})
    count = edge.database[MUTATIONS[name][0]].count_documents({})
    second = await asked(edge, name, {**MUTATIONS[name][2](), **key, **other(name)})
    assert second["errors"] == [{"field": "idempotencyKey", "code": "CONFLICT"}]
    assert edge.database[MUTATIONS[name][0]].count_documents({}) == count


def other(name: str) -> dict[str, Any]:
    return {"name": "Fast"} if name == "createMailing" else {}


async def test_the_first_answer_stands_when_its_object_has_changed_or_gone(edge: Edge) -> None:
    said = {**client(email="a@example.com"), "idempotencyKey": uuid4().hex}
    first = await asked(edge, "createClient", said)
    change = """mutation ($id: ID!, $email: String) {
        updateClient(input: {id: $id, email: $email}) { errors { code } } }"""
    key = first["client"]["id"]
    await edge.data(change, {"id": key, "email": "b@example.com"})
    assert await asked(edge, "createClient", said) == first
    await edge.data(
        "mutation ($id: ID!) { deleteClient(input: {id: $id}) { errors { code } } }", {"id": key}
    )
    assert await asked(edge, "createClient", said) == first
    assert edge.database.clients.count_documents({"phone": said["phone"]}) == 0


async def test_a_clone_is_made_once(edge: Edge) -> None:
    source = (await asked(edge, "createMailing", mailing()))["mailing"]["id"]
    clone = """mutation ($input: CloneMailingInput!) {
        cloneMailing(input: $input) { mailing { id name } errors { field code } } }"""
    times = {"startAt": NOW, "endAt": LATER, "idempotencyKey": uuid4().hex}
    first = await edge.data(clone, {"input": {"id": source, **times}})
    await edge.data(
        "mutation ($id: ID!) { deleteMailing(input: {id: $id}) { errors { code } } }",
        {"id": source},
    )
    assert await edge.data(clone, {"input": {"id": source, **times}}) == first
    again = await edge.data(clone, {"input": {"id": source, **times, "idempotencyKey": "new"}})
    assert again["cloneMailing"]["errors"] == [{"field": "id", "code": "NOT_FOUND"}]


async def test_a_mistake_takes_up_no_key(edge: Edge) -> None:
    key = {"idempotencyKey": uuid4().hex}
    wrong = await asked(edge, "createClient", {**client(phone="1"), **key})
    assert [error["field"] for error in wrong["errors"]] == ["phone"]
    right = await asked(edge, "createClient", {**client(), **key})
    assert right["errors"] == []


async def test_a_key_of_one_among_many_is_refused(edge: Edge) -> None:
    said = {"clients": [client(), client(idempotencyKey="a")]}
    refused = await asked(edge, "createClients", said)
    assert refused["errors"] == [{"field": "clients.1.idempotencyKey", "code": "INVALID"}]
    assert refused["results"] == []


MANY = """mutation ($input: CreateNotificationsInput!) { createNotifications(input: $input) {
    results { notification { id } unread errors { field code } } errors { field code } } }"""


async def test_one_key_makes_a_whole_batch_safe_to_repeat(edge: Edge) -> None:
    users = [uuid4().hex[:24] for _ in range(3)]
    batch = [{"userId": user, "key": "new_post"} for user in users]
    batch.append({"userId": users[0], "key": "nonsense"})
    said = {"notifications": batch, "idempotencyKey": uuid4().hex}
    first = (await edge.data(MANY, {"input": said}))["createNotifications"]
    assert [len(one["errors"]) for one in first["results"]] == [0, 0, 0, 1]
    assert (await edge.data(MANY, {"input": said}))["createNotifications"] == first
    wrong = {**said, "notifications": [{"userId": users[0], "key": "new_message"}, *batch[1:]]}
    second = (await edge.data(MANY, {"input": wrong}))["createNotifications"]
    assert second["errors"] == [{"field": "idempotencyKey", "code": "CONFLICT"}]
    assert second["results"] == []
    both = {**said, "notifications": [{**batch[0], "idempotencyKey": "a"}]}
    refused = (await edge.data(MANY, {"input": both}))["createNotifications"]
    assert refused["errors"] == [{"field": "notifications.0.idempotencyKey", "code": "INVALID"}]


async def test_a_repeat_is_not_checked_again(edge: Edge) -> None:
    kind = (await asked(edge, "createKind", {"key": f"k{uuid4().hex}"}))["kind"]["key"]
    said = {"userId": uuid4().hex[:24], "key": kind, "idempotencyKey": uuid4().hex}
    first = await asked(edge, "createNotification", said)
    edge.database.kinds.delete_one({"_id": kind})

    async def unknown() -> bool:
        fresh = await asked(edge, "createNotification", {**said, "idempotencyKey": uuid4().hex})
        return bool(fresh["errors"])

    async with asyncio.timeout(30):
        while not await unknown():  # kinds are remembered for a second
            await asyncio.sleep(0.1)
    assert await asked(edge, "createNotification", said) == first


@pytest.fixture(params=["answered", "committed"])
async def doomed(
    request: pytest.FixtureRequest, edge: Edge, mongod: Mongod, redis_url: str, tmp_path: Path
) -> AsyncIterator[Api]:
    """Another API on the same database, which dies at this place of its first answer."""
    port = free_port()
    env = environment(mongod.uri(edge.database.name), redis_url, port)
    plan = {"BELFRY_TESTING": "1", "BELFRY_FAIL_AT": f"idempotency.{request.param}"}
    api = Api(tmp_path / "doomed.log", {**env, **plan}, port)
    api.start()
    yield api
    api.stop()


@pytest.mark.parametrize("name", ["createClients", "createNotification", "send"])
async def test_a_repeat_after_a_crash_makes_what_is_missing_and_no_more(
    edge: Edge, doomed: Api, name: str
) -> None:
    collection = edge.database[MUTATIONS[name][0]]
    said = {**MUTATIONS[name][2](), "idempotencyKey": uuid4().hex}
    before = collection.count_documents({})
    headers = {"Authorization": f"Bearer {token('admin', OWN)}"}
    body = {"query": document(name), "variables": {"input": said}}
    async with aiohttp.ClientSession(doomed.address, headers=headers) as http:
        with pytest.raises(aiohttp.ClientError):
            await http.post("/graphql", json=body)
    await asyncio.to_thread(until, lambda: not doomed.alive)
    assert doomed.code == -signal.SIGKILL
    first = await asked(edge, name, said)
    made = collection.count_documents({})
    assert first["errors"] == []
    assert made - before == (2 if name == "createClients" else 1)
    assert await asked(edge, name, said) == first
    assert collection.count_documents({}) == made
