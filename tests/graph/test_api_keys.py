"""API keys through the front door: HTTP, sockets, and their end."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from bson import ObjectId

from graph import ids
from local.mongod import Mongod
from local.redis import Redis
from rules import api_key
from tests.graph.api import serving
from tests.graph.conftest import OWN, PATIENCE, Edge, hear, token
from tests.waiting import until

CREATE = """mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) {
    apiKey { id name role createdBy expiresAt revokedAt lastUsedAt } secret
    errors { field code } } }"""
REVOKE = """mutation ($id: ID!) { revokeApiKey(input: {id: $id}) {
    apiKey { id revokedAt revokedBy } errors { field code } } }"""
NOTIFY = (
    f'mutation {{ createNotification(input: {{userId: "{OWN}", key: "new_post"}}) {{ unread }} }}'
)


async def made(edge: Edge, role: str = "SENDER", **said: Any) -> tuple[str, str]:
    """The id and the secret of a new key."""
    said = {"name": "Shop", "role": role, **said}
    answer = (await edge.data(CREATE, {"input": said}))["createApiKey"]
    assert answer["errors"] == []
    return answer["apiKey"]["id"], answer["secret"]


async def code_of(edge: Edge, query: str, bearer: str) -> tuple[int, Any]:
    """Status and code, if any, of an operation with this bearer."""
    headers = {"Authorization": f"Bearer {bearer}"}
    async with edge.http.post("/graphql", json={"query": query}, headers=headers) as response:
        errors = (await response.json()).get("errors", [])
        return response.status, errors[0]["extensions"]["code"] if errors else None


async def test_a_key_opens_what_its_role_does(edge: Edge) -> None:
    _, secret = await made(edge)
    assert await code_of(edge, NOTIFY, secret) == (200, None)
    assert await code_of(edge, "{ statistics { total } }", secret) == (200, "FORBIDDEN")
    inbox = f'{{ inbox(userId: "{OWN}") {{ unread }} }}'
    assert await code_of(edge, inbox, secret) == (200, "FORBIDDEN")


async def test_a_key_opens_a_socket(edge: Edge) -> None:
    _, secret = await made(edge, "OPERATOR")
    async with edge.socket(bearer=secret) as line:
        payload = {"query": "{ statistics { total } }"}
        await line.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        assert (await hear(line))["payload"]["data"]["statistics"]["total"] >= 0


async def test_a_revoked_key_opens_nothing_more(edge: Edge) -> None:
    key_id, secret = await made(edge)
    await code_of(edge, NOTIFY, secret)
    answer = (await edge.data(REVOKE, {"id": key_id}))["revokeApiKey"]
    assert answer["apiKey"]["revokedBy"] == OWN
    assert await code_of(edge, NOTIFY, secret) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize("wrong", ["bk_", "bk_x", "bk_5f0c3a1b2c3d4e5f6a7b8c90_x", "unknown"])
async def test_a_wrong_key_opens_nothing_and_is_not_told(edge: Edge, wrong: str) -> None:
    if wrong == "unknown":
        wrong = api_key.write(ObjectId(), bytes(32))
    assert await code_of(edge, NOTIFY, wrong) == (401, "UNAUTHENTICATED")
    assert wrong == "bk_" or wrong not in edge.api.log.read_text()


async def test_no_token_speaks_for_a_key(edge: Edge) -> None:
    key_id, _ = await made(edge)
    (raw,) = ids.key_of("ApiKey", key_id)
    assert await code_of(edge, NOTIFY, token("admin", f"key:{raw}")) == (401, "UNAUTHENTICATED")


async def test_a_secret_is_told_once_and_kept_nowhere(edge: Edge) -> None:
    said = {"name": "Shop", "role": "SENDER", "idempotencyKey": uuid4().hex}
    first, second = [(await edge.data(CREATE, {"input": said}))["createApiKey"] for _ in range(2)]
    assert re.fullmatch(r"bk_[0-9a-f]{24}_[0-9A-Za-z]{49}", first["secret"])
    assert second == {**first, "secret": None}
    assert await code_of(edge, NOTIFY, first["secret"]) == (200, None)
    random = first["secret"].rpartition("_")[2]
    assert random not in edge.api.log.read_text()
    for name in edge.database.list_collection_names():
        assert random not in repr(list(edge.database[name].find())), name


async def test_mistakes_of_a_key_are_told_by_field(edge: Edge) -> None:
    said = {"name": "", "role": "SUBSCRIBER", "expiresAt": "2020-01-01T00:00:00Z"}
    answer = (await edge.data(CREATE, {"input": said}))["createApiKey"]
    assert answer["apiKey"] is None
    assert answer["secret"] is None
    assert [error["field"] for error in answer["errors"]] == ["name", "role", "expiresAt"]


@pytest.mark.parametrize("key_id", ["x", ids.opaque("Kind", "new_post"), ids.opaque("ApiKey", "x")])
async def test_an_id_that_names_no_key_is_told(edge: Edge, key_id: str) -> None:
    answer = (await edge.data(REVOKE, {"id": key_id}))["revokeApiKey"]
    assert answer["errors"] == [{"field": "id", "code": "INVALID"}]


async def test_keys_are_listed_by_pages_with_their_last_use(edge: Edge) -> None:
    made_ids = [(await made(edge, name=f"Shop {number}")) for number in range(3)]
    await code_of(edge, NOTIFY, made_ids[2][1])
    query = """query ($after: String) { apiKeys(first: 2, after: $after) {
        nodes { id name role lastUsedAt } pageInfo { hasNextPage endCursor } totalCount } }"""
    page = (await edge.data(query))["apiKeys"]
    assert [node["name"] for node in page["nodes"]] == ["Shop 2", "Shop 1"]
    assert page["pageInfo"]["hasNextPage"]
    assert page["totalCount"] >= 3
    rest = (await edge.data(query, {"after": page["pageInfo"]["endCursor"]}))["apiKeys"]
    assert rest["nodes"][0]["name"] == "Shop 0"
    used = ids.object_id("ApiKey", made_ids[2][0])
    keys = edge.database["api_keys"]
    until(lambda: keys.find_one({"_id": used, "last_used_at": {"$ne": None}}))


async def test_a_key_revoked_by_one_process_is_let_in_by_no_other_once_they_have_heard(
    mongod: Mongod, redis_server: Redis, tmp_path: Path
) -> None:
    """Not even for the second that a process takes a key for good without asking."""
    name = f"graph_{ObjectId()}"
    async with (
        serving(mongod, redis_server, tmp_path / "a.log", database=name) as here,
        serving(mongod, redis_server, tmp_path / "b.log", database=name) as there,
    ):
        for _ in range(3):
            key_id, secret = await made(here)
            async with here.socket(bearer=secret) as line:
                assert await code_of(here, NOTIFY, secret) == (200, None)
                await there.data(REVOKE, {"id": key_id})
                async with asyncio.timeout(PATIENCE):
                    await line.wait_closed()
            assert line.close_code == 4403
            assert await code_of(here, NOTIFY, secret) == (401, "UNAUTHENTICATED")


async def test_a_secret_given_for_an_id_is_not_on_record(edge: Edge) -> None:
    _, secret = await made(edge)
    for role in ("admin", "operator"):
        query = f'mutation {{ revokeApiKey(input: {{id: "{secret}"}}) {{ errors {{ code }} }} }}'
        await edge.ask(query, role=role)
    entries = list(edge.database["audit"].find({"action": "revokeApiKey"}).sort("_id", -1))[:2]
    assert "bk_" not in repr(entries)
    assert {entry["role"] for entry in entries} == {"admin", "operator"}
    assert [entry["targets"] for entry in entries] == [[], []]
