"""The audit log through the front door: who did what, and who was refused."""

import json
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from graph.auth import Needs
from graph.schema import schema
from local.mongod import Mongod
from local.ports import free_port
from rules.roles import OPERATORS
from tests.graph.conftest import OWN, Edge, environment, token
from tests.processes import Api
from tests.waiting import until

OF_USERS_AND_SENDERS = {
    *("archive_notification", "create_notification", "create_notifications"),
    *("mark_notification_read", "mark_notifications_read", "retract_notification"),
    *("create_contact", "delete_contact", "retry_failed_messages", "send_to_contacts", "send"),
    *("set_preferences", "update_contact", "unarchive_notification", "update_notification"),
}
"""Mutations that are no operator's: what they do is told by what they leave. What an operator does to
the preferences of others, and what it sends, is put on record by the mutation itself."""

LOG = """query ($filter: AuditFilterInput) { auditLog(first: 50, filter: $filter) {
    nodes { by role apiKeyId action targets input outcome codes times at finishedAt }
    pageInfo { hasNextPage } totalCount } }"""
KIND = """mutation ($key: String!) { createKind(input: {key: $key, title: "Sale"}) {
    kind { id } errors { code } } }"""


def test_every_mutation_is_on_record_or_is_no_operators() -> None:
    mutation = schema.get_type_by_name("Mutation")
    unrecorded = set()
    for field in mutation.fields:  # type: ignore[union-attr] # it is an object type
        needs = [each for each in field.extensions if isinstance(each, Needs)]
        assert len(needs) == 1, field.python_name
        assert field.is_async, field.python_name
        if needs[0].permission not in OPERATORS:
            unrecorded.add(field.python_name)
    assert unrecorded == OF_USERS_AND_SENDERS


async def log(edge: Edge, **wanted: Any) -> list[Any]:
    """The newest actions."""
    return (await edge.data(LOG, {"filter": wanted}))["auditLog"]["nodes"]  # type: ignore[no-any-return]


async def test_an_action_is_on_record_with_what_it_made(edge: Edge) -> None:
    key = f"k{uuid4().hex}"
    kind = (await edge.data(KIND, {"key": key}))["createKind"]["kind"]
    entry = (await log(edge, action="createKind", by=OWN))[0]
    assert entry["targets"] == [kind["id"]]
    said = {"key": key, "inApp": True, "email": False, "title": "Sale", "body": ""}
    said["critical"] = False
    assert json.loads(entry["input"]) == {"input": said}
    assert (entry["by"], entry["role"], entry["apiKeyId"]) == (OWN, "ADMIN", None)
    assert (entry["outcome"], entry["codes"]) == ("DONE", [])
    assert entry["at"] <= entry["finishedAt"]


async def test_a_refused_action_is_on_record_with_its_codes(edge: Edge) -> None:
    key = f"k{uuid4().hex}"
    await edge.data(KIND, {"key": key})
    await edge.data(KIND, {"key": key})
    refused, done = (await log(edge, action="createKind"))[:2]
    assert (refused["outcome"], refused["codes"]) == ("REFUSED", ["TAKEN"])
    assert done["outcome"] == "DONE"


async def test_what_staff_may_not_do_is_on_record_and_others_leave_no_row(edge: Edge) -> None:
    query = 'mutation { revokeApiKey(input: {id: "x"}) { errors { code } } }'
    user = uuid4().hex[:24]
    for role in ("operator", "operator", "sender", "subscriber", None):
        answer = await edge.ask(query, role=role, subject=user)
        assert answer["errors"][0]["extensions"]["code"] in ("FORBIDDEN", "UNAUTHENTICATED")
    (entry,) = await log(edge, by=user)
    assert (entry["outcome"], entry["codes"]) == ("REFUSED", ["FORBIDDEN"])
    assert (entry["role"], entry["targets"], entry["times"]) == ("OPERATOR", ["x"], 2)


async def test_what_a_key_did_names_the_key_and_never_its_secret(edge: Edge) -> None:
    create = """mutation { createApiKey(input: {name: "Bot", role: OPERATOR}) {
        apiKey { id } secret } }"""
    made = (await edge.data(create))["createApiKey"]
    headers = {"Authorization": f"Bearer {made['secret']}"}
    body = {"query": KIND, "variables": {"key": made["secret"]}}
    async with edge.http.post("/graphql", json=body, headers=headers) as response:
        assert response.status == 200
    by_key = (await log(edge, action="createKind"))[0]
    assert by_key["apiKeyId"] == made["apiKey"]["id"]
    assert by_key["by"].startswith("key:")
    assert json.loads(by_key["input"])["input"]["key"] == "***"
    making = (await log(edge, action="createApiKey"))[0]
    assert making["targets"] == [made["apiKey"]["id"]]
    assert "bk_" not in repr(list(edge.database["audit"].find()))


async def test_every_mutation_of_one_operation_is_on_record(edge: Edge) -> None:
    keys = [f"k{uuid4().hex}" for _ in range(2)]
    fields = [
        f'k{at}: createKind(input: {{key: "{key}"}}) {{ kind {{ id }} }}'
        for at, key in enumerate(keys)
    ]
    await edge.data(f"mutation {{ {' '.join(fields)} }}")
    newest = await log(edge, action="createKind")
    assert [json.loads(entry["input"])["input"]["key"] for entry in newest[:2]] == keys[::-1]


async def test_the_log_is_searched_by_time(edge: Edge) -> None:
    now = datetime.now(UTC).isoformat()
    await edge.data(KIND, {"key": f"k{uuid4().hex}"})
    assert len(await log(edge, since=now)) == 1
    assert (await log(edge, until=now, action="createKind"))[:1] != (await log(edge))[:1]


@pytest.mark.parametrize(("place", "made"), [("audit.begun", False), ("audit.ending", True)])
async def test_an_action_whose_process_died_stays_unfinished(
    edge: Edge, mongod: Mongod, redis_url: str, tmp_path: Path, place: str, made: bool
) -> None:
    port, key = free_port(), f"k{uuid4().hex}"
    env = environment(mongod.uri(edge.database.name), redis_url, port)
    api = Api(tmp_path / "api.log", {**env, "BELFRY_TESTING": "1", "BELFRY_FAIL_AT": place}, port)
    api.start()
    headers = {"Authorization": f"Bearer {token('admin')}"}
    body = {"query": KIND, "variables": {"key": key}}
    async with aiohttp.ClientSession(headers=headers) as http:
        with pytest.raises(aiohttp.ClientError):
            await http.post(f"{api.address}/graphql", json=body)
    until(lambda: not api.alive)
    assert api.code == -signal.SIGKILL
    # Entries of two processes within one second are in no order.
    (entry,) = (it for it in await log(edge) if key in (it["input"] or ""))
    assert (entry["outcome"], entry["finishedAt"]) == ("UNFINISHED", None)
    assert json.loads(entry["input"])["input"]["key"] == key
    assert (edge.database["kinds"].find_one({"_id": key}) is not None) is made
