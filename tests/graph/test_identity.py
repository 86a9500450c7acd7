"""An API that trusts an identity provider, alone or beside its own secret."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest
from bson import ObjectId
from pymongo import MongoClient

from local.mongod import Mongod
from local.ports import free_port
from local.redis import Redis
from tests.graph.conftest import OWN, complaints, environment, token
from tests.processes import Api
from tests.provider import Provider, Signer, signer

ISSUER = "https://id.example.com/realms/town"
ROLES = {"resource_access": {"belfry": {"roles": ["uma_authorization", "operator"]}}}
RIGHT: dict[str, Any] = {"aud": ["account", "belfry"], "iss": ISSUER, "role": None, **ROLES}


@pytest.fixture(scope="module")
async def provider() -> AsyncIterator[Provider]:
    async with Provider().running() as provider:
        yield provider


@pytest.fixture(scope="module")
def key(provider: Provider) -> Signer:
    """A key that the provider publishes."""
    key = signer("one", "RS256")
    provider.keys = [key.jwk()]
    return key


@pytest.fixture(scope="module")
async def trusting(
    mongod: Mongod,
    redis_server: Redis,
    tmp_path_factory: pytest.TempPathFactory,
    provider: Provider,
) -> AsyncIterator[Api]:
    """An API that knows no secret."""
    name, port = f"identity_{ObjectId()}", free_port()
    settings = {"JWT_SECRET": "", "JWKS_URL": provider.url, "JWT_AUDIENCE": "belfry"}
    settings |= {"JWT_ISSUER": ISSUER, "JWT_ROLE_CLAIM": "resource_access.belfry.roles"}
    env = environment(mongod.uri(name), redis_server.url, port)
    api = Api(tmp_path_factory.mktemp("identity") / "api.log", {**env, **settings}, port)
    api.start()
    yield api
    api.stop()
    with MongoClient[dict[str, Any]](mongod.uri(name)) as client:
        client.drop_database(name)
    assert complaints(told(api)) == []


@pytest.fixture
def api(trusting: Api) -> Iterator[Api]:
    """The API that the tests share; a test that makes it complain in its log fails."""
    before = len(told(trusting))
    yield trusting
    assert complaints(told(trusting)[before:]) == []


def told(api: Api) -> list[dict[str, Any]]:
    return [json.loads(line) for line in api.log.read_text().splitlines()]


async def ask(api: Api, bearer: str) -> tuple[int, Any]:
    """Status and code of an operator's question."""
    headers = {"Authorization": f"Bearer {bearer}"}
    body = {"query": "{ statistics { total } }"}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.post(f"{api.address}/graphql", json=body) as response,
    ):
        errors = (await response.json()).get("errors", [])
        return response.status, errors[0]["extensions"]["code"] if errors else None


async def test_a_token_of_the_provider_opens_by_the_role_it_names(api: Api, key: Signer) -> None:
    assert await ask(api, key.sign(**RIGHT)) == (200, None)
    sender = {"resource_access": {"belfry": {"roles": ["sender"]}}}
    assert await ask(api, key.sign(**{**RIGHT, **sender})) == (200, "FORBIDDEN")


@pytest.mark.parametrize(
    "wrong",
    [
        *({"aud": "account"}, {"aud": None}, {"iss": "https://id.example.com"}, {"iss": None}),
        *({"resource_access": None}, {"resource_access": {"belfry": {"roles": ["god"]}}}),
        *({"exp": 1}, {"nbf": 2**33}, {"iat": 2**33}, {"sub": "key:5f0c3a1b2c3d4e5f6a7b8c90"}),
    ],
)
async def test_a_token_that_says_something_wrong_opens_nothing(
    api: Api, key: Signer, wrong: dict[str, Any]
) -> None:
    said = {name: value for name, value in {**RIGHT, **wrong}.items() if value is not None}
    assert await ask(api, key.sign(**said)) == (401, "UNAUTHENTICATED")


async def test_a_token_by_a_secret_opens_nothing_where_there_is_none(api: Api) -> None:
    assert await ask(api, token("admin", OWN)) == (401, "UNAUTHENTICATED")


async def test_while_the_provider_is_away_a_stranger_is_asked_to_come_again(
    api: Api, provider: Provider, key: Signer
) -> None:
    async def gone(_: object) -> Any:
        raise aiohttp.web.HTTPServiceUnavailable

    assert await ask(api, key.sign(**RIGHT)) == (200, None)
    provider.fault = gone
    try:
        status, code = await ask(api, signer("two", "RS256").sign(**RIGHT))
        known = await ask(api, key.sign(**RIGHT))
    finally:
        provider.fault = None
    # Whether the provider was asked depends on when it was asked last.
    assert (status, code) in ((503, "UNAVAILABLE"), (401, "UNAUTHENTICATED"))
    assert known == (200, None)
