"""Sockets that have to go: keys revoked, processes restarted; and who comes back misses nothing."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId
from websockets.asyncio.client import ClientConnection

from core import clock
from graph import ids
from local.mongod import Mongod
from local.ports import free_port
from local.redis import Redis
from rules.inbox import cursor
from tests.graph.api import serving
from tests.graph.conftest import PATIENCE, Edge, hear, token
from tests.graph.test_socket import CREATE, closing, follow, say, subscribe
from tests.node import command

CREATE_KEY = """mutation { createApiKey(input: {name: "shop", role: SENDER}) {
    apiKey { id } secret errors { message } } }"""
REVOKE = "mutation ($id: ID!) { revokeApiKey(input: {id: $id}) { errors { message } } }"
EVENTS = """subscription ($user: ID!, $after: String) {
    inboxEvents(userId: $user, after: $after) { cursor } }"""
DRAIN_SECONDS = "8"
CROWD = 60
FEW = 5


@asynccontextmanager
async def by_key(edge: Edge) -> AsyncIterator[tuple[ClientConnection, str]]:
    """A socket of a service with an API key, and the key's id."""
    made = (await edge.data(CREATE_KEY))["createApiKey"]
    assert made["errors"] == []
    async with edge.socket(bearer=made["secret"]) as line:
        await subscribe(line, "1", "{ kinds { key } }")
        assert "errors" not in (await hear(line))["payload"]
        yield line, made["apiKey"]["id"]


async def until(condition: Callable[[], object]) -> None:
    """Return as soon as the condition holds, while others go on."""
    async with asyncio.timeout(3 * PATIENCE):
        while not condition():
            await asyncio.sleep(0.02)


@pytest.fixture
def name() -> str:
    return f"graph_{ObjectId()}"


async def test_a_revoked_key_closes_its_sockets_with_4403_and_no_others(edge: Edge) -> None:
    async with by_key(edge) as (line, key_id), by_key(edge) as (other, _):
        await edge.data(REVOKE, {"id": key_id})
        assert await closing(line) == (4403, "the API key was revoked")
        await say(other, "ping")
        while (await hear(other))["type"] != "pong":
            pass


async def test_a_key_whose_end_was_told_to_nobody_closes_its_sockets_before_long(
    edge: Edge,
) -> None:
    async with by_key(edge) as (line, key_id):
        change = {"$set": {"revoked_at": clock.now()}}
        edge.database.api_keys.update_one({"_id": ids.object_id("ApiKey", key_id)}, change)
        async with asyncio.timeout(3 * PATIENCE):
            await line.wait_closed()
        assert line.close_code == 4403


async def test_a_key_revoked_by_one_process_closes_its_sockets_at_another(
    mongod: Mongod, redis_server: Redis, tmp_path: Path, name: str
) -> None:
    async with (
        serving(mongod, redis_server, tmp_path / "a.log", database=name) as here,
        serving(mongod, redis_server, tmp_path / "b.log", database=name) as there,
        by_key(here) as (line, key_id),
    ):
        await there.data(REVOKE, {"id": key_id})
        assert (await closing(line))[0] == 4403


async def test_at_its_end_a_process_answers_what_is_under_way_and_closes_with_1012(
    mongod: Mongod, redis_server: Redis, tmp_path: Path, user_id: str
) -> None:
    settings = {"DRAIN_SECONDS": DRAIN_SECONDS}
    async with serving(mongod, redis_server, tmp_path / "api.log", **settings) as edge:
        async with edge.socket() as busy, edge.socket() as idle, edge.socket() as torn:
            await follow(idle, "bell", user_id)
            os.kill(mongod.pid, signal.SIGSTOP)
            try:
                for line in (busy, torn):
                    await subscribe(line, "1", CREATE, variables={"user": user_id})
                    await say(line, "ping")
                    assert (await hear(line))["type"] == "pong"
                torn.transport.abort()
                os.kill(edge.api.pid, signal.SIGTERM)
                assert await closing(idle) == (1012, "restarting; connect again")
            finally:
                os.kill(mongod.pid, signal.SIGCONT)
            answer = await hear(busy)
            assert "errors" not in answer["payload"]
            assert await hear(busy) == {"id": "1", "type": "complete"}
            assert (await closing(busy))[0] == 1012
        await until(lambda: not edge.api.alive)
        user = edge.database.users.find_one({"_id": ObjectId(user_id)})
        assert user is not None
        # The mutation whose client had gone was made, too.
        assert user["unread"] == 2


async def test_at_its_end_a_process_does_not_wait_for_ever(
    mongod: Mongod, redis_server: Redis, tmp_path: Path, user_id: str
) -> None:
    short = {"DRAIN_SECONDS": "3"}
    log = tmp_path / "api.log"
    async with serving(mongod, redis_server, log, **short) as edge, edge.socket() as line:
        os.kill(mongod.pid, signal.SIGSTOP)
        try:
            await subscribe(line, "1", CREATE, variables={"user": user_id})
            await say(line, "ping")
            assert (await hear(line))["type"] == "pong"
            os.kill(edge.api.pid, signal.SIGTERM)
            assert (await closing(line))[0] == 1012
            await until(lambda: not edge.api.alive)
        finally:
            os.kill(mongod.pid, signal.SIGCONT)


async def test_at_its_end_a_process_sends_all_away_within_its_time(
    mongod: Mongod, redis_server: Redis, tmp_path: Path, user_id: str
) -> None:
    async with serving(mongod, redis_server, tmp_path / "api.log") as edge:
        sockets = [edge.socket() for _ in range(CROWD)]
        lines = await asyncio.gather(*(each.__aenter__() for each in sockets))
        for line in lines:
            await follow(line, "bell", user_id)
        os.kill(edge.api.pid, signal.SIGTERM)
        codes = await asyncio.gather(*map(closing, lines))
        assert {code for code, _ in codes} == {1012}
        await until(lambda: not edge.api.alive)


class Subscriber:
    """The npm package graphql-ws, following an inbox from its start."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.events: list[dict[str, Any]] = []
        self.notes: list[dict[str, Any]] = []

    @classmethod
    @asynccontextmanager
    async def of(cls, address: str, user_id: str) -> AsyncIterator["Subscriber"]:
        """One that runs."""
        url = address.replace("http", "ws") + "/graphql"
        variables = json.dumps({"user": user_id, "after": cursor(user_id, 0)})
        process = await asyncio.create_subprocess_exec(
            *command("subscribe.mjs", "--retries", "1000", url, EVENTS, variables),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "BELFRY_TOKEN": token("subscriber", user_id)},
        )
        subscriber = cls(process)
        assert process.stdout is not None
        assert process.stderr is not None
        reading = asyncio.gather(
            subscriber._read(process.stdout, subscriber.events),
            subscriber._read(process.stderr, subscriber.notes),
        )
        try:
            yield subscriber
        finally:
            process.kill()
            await reading
            await process.wait()

    async def _read(self, pipe: asyncio.StreamReader, into: list[dict[str, Any]]) -> None:
        while line := await pipe.readline():
            into.append(json.loads(line))

    @property
    def cursors(self) -> list[str]:
        """Where the events stand, in the order they came."""
        return [event["data"]["inboxEvents"]["cursor"] for event in self.events]


async def test_a_subscriber_comes_back_to_the_next_process_and_misses_nothing(
    mongod: Mongod, redis_server: Redis, tmp_path: Path, name: str, user_id: str
) -> None:
    port, over = str(free_port()), asyncio.Event()

    async def write(edge: Edge) -> int:
        written = 0
        while not over.is_set():
            await edge.data(CREATE, {"user": user_id})
            written += 1
            await asyncio.sleep(0.01)
        return written

    def api(log: str, **settings: str) -> Any:
        return serving(mongod, redis_server, tmp_path / log, database=name, **settings)

    # None falls out of the inbox, so all are told as created.
    async with (
        api("writer.log", NOTIFICATION_LIMIT="500") as writer,
        api("first.log", PORT=port) as first,
        Subscriber.of(first.address, user_id) as bell,
    ):
        task = asyncio.create_task(write(writer))
        await until(lambda: len(bell.events) > FEW)
        os.kill(first.api.pid, signal.SIGTERM)
        await until(lambda: not first.api.alive)
        before = len(bell.events)
        async with api("second.log", PORT=port):
            await until(lambda: len(bell.events) > before + FEW)
            over.set()
            written = await task
            await until(lambda: len(bell.events) >= written)
    assert bell.cursors == [cursor(user_id, seq + 1) for seq in range(written)]
    assert {"closed": 1012, "reason": "restarting; connect again"} in bell.notes
