"""The rate limit of a caller over HTTP, streams and sockets, on two API processes."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId
from websockets.asyncio.client import connect

from local.mongod import Mongod
from local.ports import free_port
from local.redis import Redis
from rules import api_key
from tests.graph.api import serving
from tests.graph.conftest import PATIENCE, PROTOCOL, Edge, hear, token

LIMIT = 60
SETTINGS = {
    "RATE_LIMIT_PER_MINUTE": str(LIMIT),
    "RATE_LIMIT_SUBSCRIBER_PER_MINUTE": "0",
    "RATE_LIMIT_ANONYMOUS_PER_MINUTE": str(LIMIT),
}
SLACK = 1
"""What a process grants before Redis hears of it; see core.quotas.slack."""
CREATE_KEY = "mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }"
BODY = {"query": "{ __typename }"}


@pytest.fixture(scope="module")
async def two(
    mongod: Mongod, redis_server: Redis, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[list[Edge]]:
    """Two processes of one installation. Every test has callers and addresses of its own."""
    name, logs = f"graph_{ObjectId()}", tmp_path_factory.mktemp("limits")
    async with (
        serving(mongod, redis_server, logs / "1.log", **SETTINGS) as first,
        serving(mongod, redis_server, logs / "2.log", database=name, **SETTINGS) as second,
    ):
        yield [first, second]


def headers_of(subject: str | None, forwarded: str = "") -> dict[str, str]:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    if subject is not None:
        headers["Authorization"] = f"Bearer {token('sender', subject)}"
    return headers


async def status(edge: Edge, headers: dict[str, str]) -> int:
    async with edge.http.post("/graphql", json=BODY, headers=headers) as response:
        answer = await response.json()
        assert response.headers["RateLimit-Limit"] == str(LIMIT)
        assert 0 <= int(response.headers["RateLimit-Remaining"]) < LIMIT
        assert 1 <= int(response.headers["RateLimit-Reset"]) <= 60
        if response.status == 429:
            assert answer["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
            assert int(response.headers["Retry-After"]) >= 1
            assert f"at most {LIMIT} operations a minute" in answer["errors"][0]["message"]
        return response.status


async def test_processes_together_grant_the_limit(two: list[Edge]) -> None:
    begun = time.monotonic()
    asked = (status(two[n % 2], headers_of("together")) for n in range(LIMIT * 3))
    said = await asyncio.gather(*asked)
    grown = (time.monotonic() - begun) * LIMIT / 60
    assert set(said) == {200, 429}
    assert LIMIT <= said.count(200) <= LIMIT + grown + 2 * SLACK


async def test_each_caller_has_a_limit_of_its_own(two: list[Edge]) -> None:
    for _ in range(LIMIT + 10):
        await status(two[0], headers_of("greedy"))
    assert await status(two[0], headers_of("modest")) == 200


async def test_who_has_no_token_is_counted_by_its_address_past_a_trusted_proxy(
    two: list[Edge],
) -> None:
    near, far = headers_of(None, "192.0.2.1"), headers_of(None, "192.0.2.1, 198.51.100.7")
    while await status(two[0], near) == 200:
        pass
    assert await status(two[0], headers_of(None, "192.0.2.2")) == 200
    assert await status(two[0], far) == 200  # what comes first in the list, anybody may write


async def test_who_tries_keys_is_soon_refused_by_its_address(two: list[Edge]) -> None:
    headers = {"Authorization": "Bearer nonsense", "X-Forwarded-For": "192.0.2.3"}
    said = set()
    for _ in range(LIMIT * 2):
        async with two[0].http.post("/graphql", json=BODY, headers=headers) as response:
            said.add(response.status)
    assert said == {401, 429}
    assert await status(two[0], headers_of("with a good token", "192.0.2.3")) == 200


async def made_up(edge: Edge, address: str) -> int:
    """The status for a key that nobody made, though it is written as one."""
    bearer = api_key.write(ObjectId(), bytes(api_key.RANDOM_BYTES))
    headers = {"Authorization": f"Bearer {bearer}", "X-Forwarded-For": address}
    async with edge.http.post("/graphql", json=BODY, headers=headers) as response:
        assert response.headers["RateLimit-Limit"] == str(LIMIT)
        assert int(response.headers["RateLimit-Remaining"]) < LIMIT
        return response.status


async def test_keys_that_are_made_up_read_the_database_within_the_limit(two: list[Edge]) -> None:
    edge, address, begun = two[0], "192.0.2.4", time.monotonic()
    edge.database.command("profile", 2)
    said = [await made_up(edge, address) for _ in range(LIMIT * 2)]
    edge.database.command("profile", 0)
    grown = (time.monotonic() - begun) * LIMIT / 60
    found = edge.database["system.profile"].count_documents({"ns": {"$regex": "api_keys$"}})
    assert set(said) == {401, 429}
    assert found == said.count(401) <= LIMIT + grown + SLACK


async def test_a_key_in_use_goes_on_where_others_are_made_up(two: list[Edge]) -> None:
    address, said = "192.0.2.5", {"input": {"name": "Shop", "role": "SENDER"}}
    made = await two[0].data(CREATE_KEY, said)
    headers = {"Authorization": f"Bearer {made['createApiKey']['secret']}"}
    headers["X-Forwarded-For"] = address
    assert await status(two[0], headers) == 200
    while await made_up(two[0], address) == 401:
        pass
    for _ in range(3):
        assert await status(two[0], headers) == 200


async def test_keys_that_are_made_up_on_sockets_are_counted_too(two: list[Edge]) -> None:
    url, forwarded = two[0].address.replace("http", "ws") + "/graphql", "192.0.2.6"
    codes = []
    while 1013 not in codes:
        async with connect(
            url, subprotocols=[PROTOCOL], additional_headers={"X-Forwarded-For": forwarded}
        ) as line:
            bearer = api_key.write(ObjectId(), bytes(api_key.RANDOM_BYTES))
            payload = {"authorization": f"Bearer {bearer}"}
            await line.send(json.dumps({"type": "connection_init", "payload": payload}))
            async with asyncio.timeout(PATIENCE):
                await line.wait_closed()
            codes.append(line.close_code)
            assert len(codes) <= 3 * LIMIT
    assert codes.count(4403) >= LIMIT - 1 - SLACK
    assert await made_up(two[0], forwarded) == 429


async def test_a_refused_operation_on_a_socket_leaves_the_socket_open(two: list[Edge]) -> None:
    bearer = token("sender", "on a socket")
    subscribe = {"type": "subscribe", "payload": BODY}
    async with two[0].socket(bearer=bearer) as line:
        message: dict[str, Any] = {}
        while message.get("type") != "error":
            await line.send(json.dumps({**subscribe, "id": "1"}))
            message = await hear(line)
            if message["type"] == "next":
                assert (await hear(line))["type"] == "complete"
        assert message["payload"][0]["extensions"]["code"] == "RATE_LIMITED"
        await line.send(json.dumps({"type": "ping"}))
        assert (await hear(line))["type"] == "pong"


async def test_without_redis_every_process_keeps_the_limit_by_itself(
    mongod: Mongod, tmp_path: Path
) -> None:
    redis = Redis(tmp_path, free_port())
    redis.start()
    async with serving(mongod, redis, tmp_path / "api.log", **SETTINGS) as edge:
        assert await status(edge, headers_of("alone")) == 200
        redis.kill()
        begun = time.monotonic()
        said = [await status(edge, headers_of("alone")) for _ in range(LIMIT * 2)]
        grown = (time.monotonic() - begun) * LIMIT / 60
        assert LIMIT - 1 - SLACK <= said.count(200) <= LIMIT + grown
        redis.start()
    redis.stop()
