"""The API as a process of its own, and the ways to talk to it."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from bson import ObjectId
from pymongo import MongoClient
from pymongo.database import Database
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from core import tokens
from local.mongod import Mongod
from local.ports import free_port
from local.redis import Redis
from tests.processes import Api

SECRET = "a secret of the tests, longer than it must be"
FRONT_END = "https://app.example.com"
OWN = "5f0c3a1b2c3d4e5f6a7b8c90"
"""The user that the tokens of these tests speak for."""
PROTOCOL = Subprotocol("graphql-transport-ws")
PATIENCE = 30.0
UNHURRIED = {
    "RATE_LIMIT_ANONYMOUS_PER_MINUTE": "1000000",
    "RATE_LIMIT_SUBSCRIBER_PER_MINUTE": "1000000",
}
"""All tests come from one address, and many speak for one user."""


def token(role: str, subject: str = OWN, seconds: float = 3_600, secret: str = SECRET) -> str:
    return tokens.sign(secret, subject, role, timedelta(seconds=seconds))


@dataclass(frozen=True, slots=True)
class Edge:
    """The API with its log, by its own front door."""

    address: str
    api: Api
    http: aiohttp.ClientSession
    database: Database[dict[str, Any]]
    metrics_port: int = 0

    async def ask(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        role: str | None = "admin",
        subject: str = OWN,
    ) -> Any:
        """The whole answer to one operation."""
        headers = {} if role is None else {"Authorization": f"Bearer {token(role, subject)}"}
        body = {"query": query, "variables": variables}
        async with self.http.post("/graphql", json=body, headers=headers) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def data(self, query: str, variables: Mapping[str, Any] | None = None) -> Any:
        """What an admin's operation gives, without top-level errors."""
        answer = await self.ask(query, variables)
        assert "errors" not in answer, answer
        return answer["data"]

    @asynccontextmanager
    async def socket(
        self, role: str | None = "admin", *, init: bool = True, bearer: str | None = None
    ) -> AsyncIterator[ClientConnection]:
        """A socket of the protocol, greeted if `init`."""
        address = self.address.replace("http", "ws") + "/graphql"
        async with connect(address, subprotocols=[PROTOCOL], max_size=None) as line:
            if init:
                said = bearer or (role and token(role))
                payload = {"authorization": f"Bearer {said}"} if said else {}
                await line.send(json.dumps({"type": "connection_init", "payload": payload}))
                assert (await hear(line))["type"] == "connection_ack"
            yield line

    def log(self) -> list[dict[str, Any]]:
        """Every line that the API wrote; one that is no JSON fails here."""
        return [json.loads(line) for line in self.api.log.read_text().splitlines()]


async def hear(line: ClientConnection) -> dict[str, Any]:
    """The next message; fails if none comes."""
    async with asyncio.timeout(PATIENCE):
        said: dict[str, Any] = json.loads(await line.recv())
        return said


def complaints(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines with a traceback, and those of errors."""
    return [line for line in lines if "exception" in line or line["level"] == "error"]


def session(address: str) -> aiohttp.ClientSession:
    """Keeps a connection for less long than the API, which may close it as a request sets out."""
    return aiohttp.ClientSession(address, connector=aiohttp.TCPConnector(keepalive_timeout=1))


def environment(db_uri: str, redis_url: str, port: int) -> dict[str, str]:
    """The settings of an API under test."""
    settings = {"DB_URI": db_uri, "REDIS_URL": redis_url, "PORT": str(port), "JWT_SECRET": SECRET}
    return {**os.environ, **UNHURRIED, **settings, "LOG_FORMAT": "json", "DRAIN_SECONDS": "5"}


@pytest.fixture(scope="session")
async def shared_edge(
    mongod: Mongod, redis_server: Redis, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Edge]:
    port, metrics_port, name = free_port(), free_port(), f"graph_{ObjectId()}"
    env = environment(mongod.uri(name), redis_server.url, port)
    env["METRICS_PORT"] = str(metrics_port)
    log: Path = tmp_path_factory.mktemp("graph") / "api.log"
    api = Api(log, {**env, "ALLOWED_ORIGINS": FRONT_END}, port)
    api.start()
    address = f"http://127.0.0.1:{port}"
    with MongoClient[dict[str, Any]](mongod.uri(name)) as client:
        async with session(address) as http:
            yield Edge(address, api, http, client[name], metrics_port)
        client.drop_database(name)
    assert api.stop(30)


@pytest.fixture
def edge(shared_edge: Edge) -> Iterator[Edge]:
    """The API that the tests share; a test that makes it complain in its log fails."""
    before = len(shared_edge.log())
    yield shared_edge
    assert complaints(shared_edge.log()[before:]) == []


@pytest.fixture
def user_id() -> str:
    """A user that no other test knows."""
    return str(ObjectId())


@pytest.fixture
def user(edge: Edge) -> ObjectId:
    """A user who has muted nothing."""
    user_id = ObjectId()
    edge.database["users"].insert_one({"_id": user_id, "seq": 0, "unread": 0})
    return user_id
