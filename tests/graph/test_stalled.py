"""Clients that read nothing, or say nothing: dropped, in bounded memory, and nobody else suffers."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest
from websockets.asyncio.client import ClientConnection, connect

from local.mongod import Mongod
from local.redis import Redis
from tests.graph.api import serving
from tests.graph.conftest import PATIENCE, PROTOCOL, Edge, hear, token
from tests.graph.test_socket import closing, follow, say

IMPATIENT = {"SOCKET_SEND_SECONDS": "2", "SOCKET_PING_SECONDS": "3"}
STALLED = 8
MEGABYTE = 1_000_000
TEXT = "t" * 9_000
CREATE = """mutation ($user: ID!, $data: JSON!) {
    createNotification(input: {userId: $user, key: "new_post", data: $data}) { unread } }"""
EVENTS = """subscription ($user: ID!) {
    inboxEvents(userId: $user) { cursor ... on NotificationCreated { notification { data } } } }"""


@pytest.fixture
async def impatient(mongod: Mongod, redis_server: Redis, tmp_path: Path) -> AsyncIterator[Edge]:
    async with serving(mongod, redis_server, tmp_path / "api.log", **IMPATIENT) as edge:
        yield edge


def cuts(edge: Edge) -> list[str]:
    """Why clients were cut off so far."""
    return [line["why"] for line in edge.log() if line["event"] == "socket.cut"]


async def listening(edge: Edge, user_id: str) -> ClientConnection:
    address = edge.address.replace("http", "ws") + "/graphql"
    line = await connect(address, subprotocols=[PROTOCOL], max_size=None, ping_interval=None)
    await say(line, "connection_init", payload={"authorization": f"Bearer {token('admin')}"})
    assert (await hear(line))["type"] == "connection_ack"
    payload = {"query": EVENTS, "variables": {"user": user_id}}
    await say(line, "subscribe", id="1", payload=payload)
    await say(line, "ping")
    assert (await hear(line))["type"] == "pong"
    return line


async def write_until(done: Callable[[], bool], edge: Edge, user_id: str) -> int:
    """Create notifications until it is so; how many."""
    written = 0
    async with asyncio.timeout(6 * PATIENCE):
        while not done():
            await edge.data(CREATE, {"user": user_id, "data": {"number": written, "text": TEXT}})
            written += 1
    return written


async def test_clients_that_stop_reading_are_cut_off_and_disturb_nobody(
    impatient: Edge, user_id: str
) -> None:
    process = psutil.Process(impatient.api.pid)
    reader = await listening(impatient, user_id)
    stalled = [await listening(impatient, user_id) for _ in range(STALLED)]
    before = process.memory_info().rss
    for line in stalled:
        line.transport.pause_reading()
    heard, peak = 0, before
    writing = asyncio.create_task(
        write_until(lambda: heard > 100 and len(cuts(impatient)) >= STALLED, impatient, user_id)
    )
    while not writing.done() or heard < writing.result():
        event = (await hear(reader))["payload"]["data"]["inboxEvents"]
        assert event["notification"]["data"]["number"] == heard
        heard += 1
        peak = max(peak, process.memory_info().rss)
    assert heard > 100
    assert (peak - before) / MEGABYTE < 1 + 2 * STALLED
    for line in stalled:
        line.transport.abort()
    await reader.close()


async def test_a_client_whose_host_is_gone_is_cut_off(impatient: Edge, user_id: str) -> None:
    gone = await listening(impatient, user_id)
    # Its kernel still takes what is sent, but nobody answers a ping.
    gone.transport.pause_reading()
    async with asyncio.timeout(3 * PATIENCE):
        while cuts(impatient) != ["is silent"]:
            await asyncio.sleep(0.05)
    gone.transport.abort()


async def test_a_client_that_has_nothing_to_say_but_answers_pings_stays(
    impatient: Edge, user_id: str
) -> None:
    quiet, gone = await listening(impatient, user_id), await listening(impatient, user_id)
    gone.transport.pause_reading()
    async with asyncio.timeout(3 * PATIENCE):
        while not cuts(impatient):
            await asyncio.sleep(0.05)
    await impatient.data(CREATE, {"user": user_id, "data": {"number": 7}})
    event = (await hear(quiet))["payload"]["data"]["inboxEvents"]
    assert event["notification"]["data"] == {"number": 7}
    gone.transport.abort()
    await quiet.close()


async def test_a_flood_of_pings_that_nobody_reads_the_answers_to_takes_no_memory(
    mongod: Mongod, redis_server: Redis, tmp_path: Path, user_id: str
) -> None:
    settings = {**IMPATIENT, "SOCKET_MESSAGES_PER_SECOND": "100000"}
    async with serving(mongod, redis_server, tmp_path / "api.log", **settings) as edge:
        process = psutil.Process(edge.api.pid)
        line = await listening(edge, user_id)
        before, peak = process.memory_info().rss, 0
        line.transport.pause_reading()
        ping = json.dumps({"type": "ping", "payload": {"echo": TEXT}})
        async with asyncio.timeout(6 * PATIENCE):
            while not cuts(edge):
                sending = asyncio.create_task(line.send(ping))
                await asyncio.wait([sending], timeout=0.1)
                peak = max(peak, process.memory_info().rss)
        assert (peak - before) / MEGABYTE < 5
        line.transport.abort()
        async with edge.socket() as other:
            await follow(other, "1", user_id)
            await other.close()
            assert (await closing(other))[0] in (0, 1000)
