"""The API without its database: before it first came, while it is away, and at its own end."""

import asyncio
import json
import signal
from collections.abc import Iterator
from contextlib import suppress
from os import kill
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from bson import ObjectId
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from local.mongod import Mongod
from local.ports import free_port
from local.redis import Redis
from rules.inbox import cursor
from tests.graph.conftest import FRONT_END, PATIENCE, PROTOCOL, complaints, environment, hear, token
from tests.processes import Api

HEADERS = {"Authorization": f"Bearer {token('admin')}"}
USER = str(ObjectId())
CREATE = f"""mutation {{
    createNotification(input: {{userId: "{USER}", key: "new_post"}}) {{ unread }} }}"""
EVENTS = f"""subscription {{
    inboxEvents(userId: "{USER}", after: "{cursor(USER, 0)}") {{ unread }} }}"""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Mongod]:
    """A MongoDB that has not been started."""
    database = Mongod(tmp_path / "mongod", free_port(), cache_gigabytes=0.25)
    yield database
    database.stop()


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def address(port: int) -> str:
    return f"127.0.0.1:{port}"


@pytest.fixture
def api(database: Mongod, redis_server: Redis, tmp_path: Path, port: int) -> Iterator[Api]:
    """An API that has not been started, with default settings where there are any."""
    env = environment(database.uri("outages"), redis_server.url, port)
    api = Api(tmp_path / "api.log", {**env, "ALLOWED_ORIGINS": ""}, port)
    yield api
    api.stop()


async def ask(http: aiohttp.ClientSession, query: str) -> tuple[int, Any]:
    async with http.post("/graphql", json={"query": query}) as response:
        return response.status, await response.json()


async def health(http: aiohttp.ClientSession, which: str) -> tuple[int, Any]:
    async with http.get(f"/health/{which}") as response:
        return response.status, await response.json()


async def until_ready(http: aiohttp.ClientSession, which: str = "ready") -> None:
    """Wait until the API says that it is ready, or at least alive."""
    async with asyncio.timeout(3 * PATIENCE):
        while True:
            with suppress(aiohttp.ClientConnectionError):
                if (await health(http, which))[0] == 200:
                    return
            await asyncio.sleep(0.05)


async def subscribed(line: ClientConnection) -> ClientConnection:
    payload = {"authorization": HEADERS["Authorization"]}
    await line.send(json.dumps({"type": "connection_init", "payload": payload}))
    assert (await hear(line))["type"] == "connection_ack"
    message = {"type": "subscribe", "id": "1", "payload": {"query": EVENTS}}
    await line.send(json.dumps(message))
    return line


async def next_unread(line: ClientConnection) -> int:
    unread: int = (await hear(line))["payload"]["data"]["inboxEvents"]["unread"]
    return unread


async def closing_code(line: ClientConnection) -> int:
    with suppress(ConnectionClosed):
        async with asyncio.timeout(PATIENCE):
            while True:
                await line.recv()
    return line.close_code or 0


async def it_is_alive_and_unready(http: aiohttp.ClientSession) -> None:
    assert (await health(http, "live"))[0] == 200
    status, body = await health(http, "ready")
    assert (status, body["checks"]["mongo"], body["checks"]["redis"]) == (503, False, True)


async def it_refuses_for_now(http: aiohttp.ClientSession) -> None:
    async with http.post("/graphql", json={"query": "{ __typename }"}) as response:
        assert (response.status, response.headers["Retry-After"]) == (503, "1")
        (error,) = (await response.json())["errors"]
        assert error["extensions"]["code"] == "UNAVAILABLE"


async def it_lacks_its_database(http: aiohttp.ClientSession, query: str) -> None:
    status, answer = await ask(http, query)
    (error,) = answer["errors"]
    assert (status, error["extensions"]["code"]) == (200, "UNAVAILABLE")
    assert "127.0.0.1" not in error["message"]


async def each_is_told_alone(
    http: aiohttp.ClientSession, of_one: str = "", of_all: str = ""
) -> None:
    """Of a batch every item says that it has to be sent again."""
    users = (USER, str(ObjectId()))
    one = ", ".join(f'{{userId: "{user}", key: "new_post"{of_one}}}' for user in users)
    batch = ", ".join([one] * 40)
    fields = "results { errors { field code } } errors { code }"
    query = (
        f"mutation {{ createNotifications(input: {{notifications: [{batch}]{of_all}}}) "
        f"{{ {fields} }} }}"
    )
    status, answer = await ask(http, query)
    payload = answer["data"]["createNotifications"]
    told = {"errors": [{"field": "notifications", "code": "UNAVAILABLE"}]}
    assert (status, payload) == (200, {"results": [told] * 80, "errors": []})


async def strangers_stay_out(http: aiohttp.ClientSession, socket: str) -> None:
    """By default pages of other origins get nothing."""
    query = {"query": "{ __typename }"}
    async with http.post("/graphql", json=query, headers={"Origin": FRONT_END}) as response:
        assert "Access-Control-Allow-Origin" not in response.headers
    with pytest.raises(InvalidStatus, match="403"):
        await connect(socket, subprotocols=[PROTOCOL], origin=Origin(FRONT_END))


async def test_the_api_waits_for_its_database_outlives_it_and_ends_in_order(
    api: Api, database: Mongod, address: str
) -> None:
    socket, protocols = f"ws://{address}/graphql", [PROTOCOL]
    async with aiohttp.ClientSession(f"http://{address}", headers=HEADERS) as http:
        api.launch()
        await until_ready(http, "live")
        await it_is_alive_and_unready(http)
        await it_refuses_for_now(http)
        async with connect(socket, subprotocols=protocols) as early:
            assert await closing_code(early) == 1013

        database.start()
        await until_ready(http)
        assert await ask(http, CREATE) == (200, {"data": {"createNotification": {"unread": 1}}})
        await strangers_stay_out(http, socket)

        async with connect(socket, subprotocols=protocols) as line:
            await subscribed(line)
            assert await next_unread(line) == 1
            database.kill()
            async with connect(socket, subprotocols=protocols) as patient:
                await subscribed(patient)
                await asyncio.gather(
                    it_lacks_its_database(http, CREATE),
                    it_lacks_its_database(http, CREATE.replace("new_post", "new_login")),
                    it_lacks_its_database(http, "{ kinds { key } }"),
                    each_is_told_alone(http),
                    each_is_told_alone(http, of_one=', idempotencyKey: "k"'),
                    each_is_told_alone(http, of_all=', idempotencyKey: "k"'),
                    it_is_alive_and_unready(http),
                )
                database.start()
                await until_ready(http)
                assert await next_unread(patient) == 1
                answer = await ask(http, CREATE)
                assert answer == (200, {"data": {"createNotification": {"unread": 2}}})
                assert await next_unread(patient) == await next_unread(line) == 2
            kill(api.pid, signal.SIGTERM)
            assert await closing_code(line) == 1012
    while api.alive:
        await asyncio.sleep(0.02)
    assert api.code == -signal.SIGTERM  # uvicorn ends, then passes the signal on
    lines = [json.loads(line) for line in api.log.read_text().splitlines()]
    assert complaints(lines) == []
    assert {"mongo.unreachable", "database.unreachable"} <= {line["event"] for line in lines}
