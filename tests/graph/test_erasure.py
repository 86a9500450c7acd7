"""Erasing and exporting persons through the front door."""

import asyncio
import json
from typing import Any

from bson import ObjectId

from tests.graph.conftest import PATIENCE, Edge, token

ERASE_CLIENT = """mutation ($id: ID!) { eraseClient(input: {clientId: $id}) {
    erasure { id whose personId done messages by doneAt } errors { field code } } }"""
ERASE_USER = """mutation ($id: ID!) { eraseUser(input: {userId: $id}) {
    erasure { whose personId done } errors { field code } } }"""
SHOW = "query ($id: ID!) { erasure(id: $id) { id done messages } }"
CREATE = """mutation ($input: CreateClientInput!) {
    createClient(input: $input) { client { id } errors { field } } }"""
NOTIFY = """mutation ($user: ID!) {
    createNotification(input: {userId: $user, key: "new_post"}) { unread } }"""
LOG = """{ auditLog(first: 5) { nodes { action input targets outcome } } }"""


async def export(edge: Edge, role: str = "admin", **said: str) -> tuple[int, list[Any]]:
    headers = {"Authorization": f"Bearer {token(role)}"}
    params = {"format": "ndjson", **said}
    async with edge.http.get("/persons/export", params=params, headers=headers) as response:
        return response.status, [json.loads(line) for line in (await response.text()).splitlines()]


async def erased(edge: Edge, query: str, name: str, person: str) -> Any:
    """The answer once all is done: the request itself does what it can in two seconds."""
    async with asyncio.timeout(PATIENCE):
        while True:
            answer = (await edge.data(query, {"id": person}))[name]
            if answer["erasure"]["done"]:
                return answer


async def test_a_client_is_exported_erased_and_gone_and_the_record_does_not_name_it(
    edge: Edge,
) -> None:
    phone = f"7{int(str(ObjectId())[-8:], 16) % 10**10:010}"
    made = await edge.data(CREATE, {"input": {"phone": phone}})
    client = made["createClient"]["client"]["id"]
    status, rows = await export(edge, client=client)
    assert status == 200
    assert [row["kind"] for row in rows] == ["client", "action"]
    assert rows[0]["data"]["phone"] == phone

    answer = await erased(edge, ERASE_CLIENT, "eraseClient", client)
    erasure = answer["erasure"]
    assert answer["errors"] == []
    assert (erasure["whose"], erasure["personId"], erasure["done"]) == ("CLIENT", client, True)
    shown = (await edge.data(SHOW, {"id": erasure["id"]}))["erasure"]
    assert shown == {"id": erasure["id"], "done": True, "messages": 0}
    log = (await edge.data(LOG))["auditLog"]["nodes"]
    mine = [each for each in log if client in each["targets"]]
    assert list(dict.fromkeys(each["action"] for each in mine)) == ["eraseClient", "createClient"]
    assert phone not in str(log)
    assert {row["kind"] for row in (await export(edge, client=client))[1]} == {"action"}


async def test_mistakes_are_told_by_their_field(edge: Edge) -> None:
    nobody = (await edge.data(ERASE_USER, {"id": str(ObjectId())}))["eraseUser"]
    assert nobody == {"erasure": None, "errors": [{"field": "userId", "code": "NOT_FOUND"}]}
    wrong = (await edge.data(ERASE_USER, {"id": "me"}))["eraseUser"]
    assert wrong["errors"] == [{"field": "userId", "code": "INVALID"}]


async def test_a_user_with_an_inbox_is_erased(edge: Edge) -> None:
    user = str(ObjectId())
    await edge.data(NOTIFY, {"user": user})
    assert [row["kind"] for row in (await export(edge, user=user))[1]] == ["user", "notification"]
    answer = await erased(edge, ERASE_USER, "eraseUser", user)
    assert answer["erasure"] == {"whose": "USER", "personId": user, "done": True}


async def test_only_administrators_export_persons_and_one_at_a_time(edge: Edge) -> None:
    assert (await export(edge, "operator", user=str(ObjectId())))[0] == 403
    assert (await export(edge))[0] == 400
    assert (await export(edge, user=str(ObjectId()), client="x"))[0] == 400
