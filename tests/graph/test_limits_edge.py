"""Every limit over HTTP and over a socket, on an API whose limits are tight."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from graphql import get_introspection_query

from local.mongod import Mongod
from local.redis import Redis
from tests.graph.api import serving
from tests.graph.conftest import OWN, Edge, hear, token
from tests.graph.test_documents import OTHER, TEXT, sha256

STRICT = {
    "MAX_DEPTH": "5",
    "MAX_ALIASES": "2",
    "MAX_DIRECTIVES": "2",
    "MAX_COST": "100",
    "INTROSPECTION": "staff",
}
PAGE = "query ($n: Int!) { clients(first: $n) { nodes { id } } }"

TOO_MUCH: dict[str, tuple[str, dict[str, Any]]] = {
    "too deep": ("{ mailings { nodes { messages { nodes { attempts { id } } } } } }", {}),
    "too many aliases": ("{ a: kinds { key } b: kinds { key } c: kinds { key } }", {}),
    "too many directives": (f"{{ __typename {'@include(if: true) @skip(if: false) ' * 2} }}", {}),
    "too costly": ("{ clients(first: 100) { nodes { id } } }", {}),
    "too costly by its variables": (PAGE, {"n": 99}),
    "too long": ("{ __typename } #" + "x" * 70_000, {}),
    "a mutation": (
        "mutation ($in: CreateClientsInput!) { createClients(input: $in) { results { client { id } } } }",
        {"in": {"clients": [{"phone": "1"}] * 60}},
    ),
    "a subscription": (
        f'subscription {{ inboxEvents(userId: "{OWN}") {{ a: cursor b: unread c: replayed }} }}',
        {},
    ),
}


@pytest.fixture(scope="module")
async def strict_edge(
    mongod: Mongod, redis_server: Redis, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Edge]:
    log = tmp_path_factory.mktemp("strict") / "api.log"
    async with serving(mongod, redis_server, log, **STRICT) as edge:
        yield edge


@pytest.fixture(scope="module")
async def trusting_edge(
    mongod: Mongod, redis_server: Redis, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Edge]:
    """Executes only trusted documents."""
    folder: Path = tmp_path_factory.mktemp("trusting")
    manifest = folder / "documents.json"
    manifest.write_text(json.dumps({sha256(it): it for it in (TEXT, SUBSCRIBE)}))
    settings = {"TRUSTED_DOCUMENTS": str(manifest), "TRUSTED_DOCUMENTS_ONLY": "1"}
    async with serving(mongod, redis_server, folder / "api.log", **settings) as edge:
        yield edge


SUBSCRIBE = "subscription ($id: ID!) { inboxEvents(userId: $id) { cursor } }"


async def by_http(edge: Edge, said: dict[str, Any], role: str | None = "admin") -> dict[str, Any]:
    headers = {} if role is None else {"Authorization": f"Bearer {token(role)}"}
    headers["Accept"] = "application/json, text/event-stream"
    async with edge.http.post("/graphql", json=said, headers=headers) as response:
        text = await response.text()
    if text.startswith("{"):
        answer: dict[str, Any] = json.loads(text)
        return answer
    (first,) = (line for line in text.splitlines() if line.startswith("data: "))
    streamed: dict[str, Any] = json.loads(first.removeprefix("data: "))
    return streamed


async def by_socket(edge: Edge, said: dict[str, Any], role: str | None = "admin") -> dict[str, Any]:
    """The answer of a finite operation; a refused one leaves the socket open."""
    async with edge.socket(role) as line:
        await line.send(json.dumps({"type": "subscribe", "id": "1", "payload": said}))
        message = await hear(line)
        if message["type"] == "error":
            await line.send(json.dumps({"type": "ping"}))
            assert (await hear(line))["type"] == "pong"
            return {"errors": message["payload"]}
        assert message["type"] == "next"
        answer: dict[str, Any] = message["payload"]
        return answer


WAYS = pytest.mark.parametrize("ask", [by_http, by_socket], ids=["http", "socket"])


def code_of(answer: dict[str, Any]) -> Any:
    assert not answer.get("data")
    (error,) = answer["errors"]
    return error["extensions"]["code"]


@WAYS
@pytest.mark.parametrize(("query", "variables"), TOO_MUCH.values(), ids=TOO_MUCH)
async def test_an_operation_that_asks_for_too_much_is_refused(
    strict_edge: Edge, ask: Any, query: str, variables: dict[str, Any]
) -> None:
    for _ in range(3):  # also once the document is known
        answer = await ask(strict_edge, {"query": query, "variables": variables})
        assert code_of(answer) == "TOO_COMPLEX"
        assert "at most" in answer["errors"][0]["message"]


@WAYS
async def test_the_same_document_passes_with_a_smaller_page(strict_edge: Edge, ask: Any) -> None:
    for n in (98, 1):
        answer = await ask(strict_edge, {"query": PAGE, "variables": {"n": n}})
        assert answer == {"data": {"clients": {"nodes": []}}}


@WAYS
async def test_a_page_that_is_not_allowed_is_refused_by_its_field(
    strict_edge: Edge, ask: Any
) -> None:
    query = "query ($n: Int!) { clients(first: $n) { totalCount } }"
    answer = await ask(strict_edge, {"query": query, "variables": {"n": 5_000}})
    assert code_of(answer) == "BAD_USER_INPUT"
    assert "from 0 to 100" in answer["errors"][0]["message"]


@WAYS
async def test_who_may_not_introspect_is_given_no_name_of_the_schema(
    strict_edge: Edge, ask: Any
) -> None:
    for role, may in (("operator", True), ("sender", False), (None, False)):
        for query in ("{ __schema { queryType { name } } }", '{ __type(name: "Kind") { name } }'):
            answer = await ask(strict_edge, {"query": query}, role)
            assert ("data" in answer) is may
            assert may or code_of(answer) == "FORBIDDEN"
        assert (await ask(strict_edge, {"query": "{ __typename }"}, role))["data"]
        wrong = await ask(strict_edge, {"query": "{ kindz { key } }"}, role)
        assert ("Did you mean" in wrong["errors"][0]["message"]) is may
        bad = {"query": BY_STATUS, "variables": {"in": ["RUNNIN"]}}
        wrong = await ask(strict_edge, bad, role)
        assert ("Did you mean" in wrong["errors"][0]["message"]) is may


BY_STATUS = "query ($in: [MailingStatus!]) { mailings(statuses: $in) { nodes { id } } }"


@WAYS
async def test_by_default_everybody_may_introspect(edge: Edge, ask: Any) -> None:
    answer = await ask(edge, {"query": get_introspection_query()}, None)
    assert answer["data"]["__schema"]["queryType"]["name"] == "Query"


@WAYS
async def test_a_trusted_document_is_executed_by_its_hash_or_its_text(
    trusting_edge: Edge, ask: Any
) -> None:
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": sha256(TEXT)}}
    for said in (
        {"documentId": f"sha256:{sha256(TEXT)}"},
        {"extensions": extensions},
        {"query": TEXT},
    ):
        answer = await ask(trusting_edge, said)
        assert answer["data"]["kinds"], answer


async def test_a_trusted_document_is_named_in_the_address_of_a_get(trusting_edge: Edge) -> None:
    headers = {"Authorization": f"Bearer {token('admin')}"}
    params = {"documentId": sha256(TEXT)}
    async with trusting_edge.http.get("/graphql", params=params, headers=headers) as response:
        assert (await response.json())["data"]["kinds"]


@WAYS
async def test_only_trusted_documents_are_executed_where_the_setting_says_so(
    trusting_edge: Edge, ask: Any
) -> None:
    for said, code in (
        ({"query": OTHER, "variables": {"n": 1}}, "DOCUMENT_NOT_TRUSTED"),
        ({"query": "{ __schema { queryType { name } } }"}, "DOCUMENT_NOT_TRUSTED"),
        ({"documentId": sha256(OTHER)}, "PERSISTED_QUERY_NOT_FOUND"),
        ({"query": SUBSCRIBE + " ", "variables": {"id": OWN}}, "DOCUMENT_NOT_TRUSTED"),
    ):
        assert code_of(await ask(trusting_edge, said)) == code


async def test_a_trusted_subscription_is_named_by_its_hash_on_a_socket(trusting_edge: Edge) -> None:
    async with trusting_edge.socket() as line:
        payload = {"documentId": sha256(SUBSCRIBE), "variables": {"id": OWN}}
        await line.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
        await line.send(json.dumps({"type": "ping"}))
        assert (await hear(line))["type"] == "pong"


@WAYS
async def test_without_a_manifest_a_hash_is_answered_so_that_clients_send_the_text(
    edge: Edge, ask: Any
) -> None:
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": sha256(TEXT)}}
    assert code_of(await ask(edge, {"extensions": extensions})) == "PERSISTED_QUERY_NOT_SUPPORTED"
