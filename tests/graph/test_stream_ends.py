"""How streams end: by their clients, by those that read nothing, and by the API's own end."""

import asyncio
import json
import os
import socket
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from redis import Redis as RedisClient

from core.wakeups import PREFIX
from local.mongod import Mongod
from local.redis import Redis
from tests import examples, node
from tests.graph.api import serving
from tests.graph.conftest import PATIENCE, Edge, complaints, token
from tests.graph.streams import CREATE, EVENTS, all_of, streaming

LONG = 4 * PATIENCE
CREATE_KEY = """mutation ($input: CreateApiKeyInput!) {
    createApiKey(input: $input) { apiKey { id } secret } }"""
REVOKE_KEY = """mutation ($id: ID!) { revokeApiKey(input: {id: $id}) { errors { code } } }"""
EVENTS_WITH_DATA = """subscription ($user: ID!, $after: String) {
    inboxEvents(userId: $user, after: $after) {
        ... on NotificationCreated { notification { data } } } }"""


def listening(redis_server: Redis, user_id: str) -> bool:
    """Whether any API waits for what happens to the user."""
    with RedisClient.from_url(redis_server.url) as client:
        return bool(client.pubsub_channels(PREFIX + user_id))


async def silent(redis_server: Redis, user_id: str) -> None:
    """Wait until no API waits for the user any more."""
    async with asyncio.timeout(LONG):
        while listening(redis_server, user_id):
            await asyncio.sleep(0.02)


@pytest.fixture
async def own_edge(mongod: Mongod, redis_server: Redis, tmp_path: Path) -> AsyncIterator[Edge]:
    """An API that a test may stop and start."""
    async with serving(mongod, redis_server, tmp_path / "api.log") as edge:
        yield edge


async def test_a_client_that_leaves_ends_its_subscription(
    edge: Edge, redis_server: Redis, user_id: str
) -> None:
    for graceful in (True, False):
        async with streaming(edge, EVENTS, **all_of(user_id)) as events:
            await edge.data(CREATE, {"user": user_id})
            await events.next()
            assert listening(redis_server, user_id)
            connection = events.response.connection
            assert connection is not None
            assert connection.transport is not None
            if graceful:
                connection.transport.close()
            else:
                connection.transport.abort()
        await silent(redis_server, user_id)


async def test_a_client_that_reads_nothing_is_dropped_and_others_go_on(
    mongod: Mongod, redis_server: Redis, tmp_path: Path, user_id: str
) -> None:
    async with serving(mongod, redis_server, tmp_path / "api.log", SOCKET_SEND_SECONDS="2") as edge:
        await _stall(edge, redis_server, user_id)


async def _stall(edge: Edge, redis_server: Redis, user_id: str) -> None:
    host, _, port = edge.address.removeprefix("http://").partition(":")
    body = json.dumps({"query": EVENTS_WITH_DATA, "variables": all_of(user_id)}).encode()
    bearer = f"Authorization: Bearer {token('admin')}\r\n".encode()
    head = b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n" + bearer
    head += b"Accept: text/event-stream\r\nContent-Length: %d\r\n\r\n" % len(body)
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        line.connect((host, int(port)))
        line.sendall(head + body)
        async with asyncio.timeout(LONG):
            while not listening(redis_server, user_id):
                await asyncio.sleep(0.02)
        await _write_until_dropped(edge, user_id)
    await silent(redis_server, user_id)


async def _write_until_dropped(edge: Edge, user_id: str) -> None:
    """Events for a stalled client and a good one, which hears them all."""

    def dropped() -> bool:
        return any(line["event"] == "stream.stalled" for line in edge.log())

    data = {"text": "x" * 15_000}
    async with streaming(edge, EVENTS, user=user_id) as other, asyncio.timeout(2 * LONG):
        number = 0
        while not dropped():
            await edge.data(CREATE, {"user": user_id, "data": data})
            event = await other.next()
            assert event is not None
            number += 1
            assert event[1]["data"]["inboxEvents"]["unread"] == min(number, 100)


async def test_an_idle_stream_shows_that_it_lives(edge: Edge, user_id: str) -> None:
    async with streaming(edge, EVENTS, **all_of(user_id)) as events, asyncio.timeout(LONG):
        read = b""
        while read.count(b":\n\n") < 2:  # the first comes at once
            read += await events.response.content.readany()
    assert read == b":\n\n:\n\n"


async def test_a_key_that_is_revoked_ends_its_stream(edge: Edge, user_id: str) -> None:
    said = {"name": "Shop", "role": "OPERATOR"}
    key = (await edge.data(CREATE_KEY, {"input": said}))["createApiKey"]
    async with streaming(edge, EVENTS, bearer=key["secret"], **all_of(user_id)) as events:
        await edge.data(CREATE, {"user": user_id})
        assert await events.next() is not None
        await edge.data(REVOKE_KEY, {"id": key["apiKey"]["id"]})
        assert await events.next() is None


async def test_on_sigterm_streams_end_without_complete(own_edge: Edge, user_id: str) -> None:
    await own_edge.data(CREATE, {"user": user_id})
    async with streaming(own_edge, EVENTS, **all_of(user_id)) as events:
        await events.next()
        assert own_edge.api.stop()
        assert await events.next() is None
    assert complaints(own_edge.log()) == []
    assert not any("Cancel" in line["event"] for line in own_edge.log())


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """What the documentation tells front ends to run."""
    return examples.javascript("graphql.md", tmp_path)


class Page:
    """A front end that follows an inbox by the package graphql-sse, as docs/graphql.md says."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    @classmethod
    @asynccontextmanager
    async def open(cls, edge: Edge, program: Path, user_id: str) -> AsyncIterator["Page"]:
        """A page that shows all that ever happened to a user."""
        process = await asyncio.create_subprocess_exec(
            *node.command("stream.mjs", str(program), f"{edge.address}/graphql", EVENTS),
            json.dumps(all_of(user_id)),
            stdout=PIPE,
            stderr=PIPE,
            env={**os.environ, "BELFRY_TOKEN": token("subscriber", user_id)},
        )
        try:
            yield cls(process)
        finally:
            process.terminate()
            await process.wait()

    async def heard(self) -> int:
        """The unread count of the next event."""
        assert self.process.stdout is not None
        async with asyncio.timeout(LONG):
            said = json.loads(await self.process.stdout.readline())
        unread: int = said["data"]["inboxEvents"]["unread"]
        return unread

    async def note(self) -> Any:
        """What it notes next about its connections."""
        assert self.process.stderr is not None
        async with asyncio.timeout(LONG):
            return json.loads(await self.process.stderr.readline())


async def test_the_client_of_the_protocol_comes_back_after_its_last_event(
    own_edge: Edge, program: Path, user_id: str
) -> None:
    async with Page.open(own_edge, program, user_id) as page:
        await own_edge.data(CREATE, {"user": user_id})
        assert await page.heard() == 1
        assert await page.note() == {"connected": 1}
        for again in range(2):
            # Once it is told to stop, once it is just gone.
            own_edge.api.stop() if again == 0 else own_edge.api.kill()
            own_edge.api.start()
            async with aiohttp.ClientSession(own_edge.address) as http:
                for unread in (2 * again + 2, 2 * again + 3):
                    await replace(own_edge, http=http).data(CREATE, {"user": user_id})
                    assert await page.heard() == unread
            assert await page.note() == {"connected": again + 2}


@pytest.mark.parametrize(
    ("bearer", "code", "outcome"),
    [(token("admin"), "BAD_USER_INPUT", 0), ("false", "UNAUTHENTICATED", 1)],
)
async def test_the_client_of_the_protocol_is_told_what_is_wrong(
    edge: Edge, program: Path, bearer: str, code: str, outcome: int
) -> None:
    address = f"{edge.address}/graphql"
    process = await asyncio.create_subprocess_exec(
        *node.command("stream.mjs", str(program), address, "subscription { nope }"),
        stdout=PIPE,
        stderr=PIPE,
        env={**os.environ, "BELFRY_TOKEN": bearer},
    )
    async with asyncio.timeout(LONG):
        said, noted = await process.communicate()
    assert process.returncode == outcome
    assert code in (noted if outcome else said).decode()
