"""Clients that read slowly, or not at all, what they have asked for; and pauses of the process."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
from redis.asyncio import Redis as Client
from websockets.asyncio.client import ClientConnection

from core.wakeups import PREFIX
from graph.socket_jam import LEAST_READ, MOST_WAITING, Jam
from local.mongod import Mongod
from local.redis import Redis
from services.api_keys import REVOKED
from tests.graph.api import serving
from tests.graph.conftest import PATIENCE, Edge, hear
from tests.graph.test_socket import say, subscribe
from tests.graph.test_stalled import cuts

IMPATIENT = {"SOCKET_SEND_SECONDS": "1", "SOCKET_PING_SECONDS": "1"}
PAUSE_SECONDS = 3
ANSWERS = 3
MEGABYTE = 1_000_000
MANY = """mutation ($all: [CreateNotificationInput!]!) {
    createNotifications(input: {notifications: $all}) { errors { message } } }"""
INBOX = """query ($user: ID!) {
    inbox(userId: $user) { notifications(first: 100) { nodes { id data } } } }"""


@pytest.fixture
async def impatient(mongod: Mongod, redis_server: Redis, tmp_path: Path) -> AsyncIterator[Edge]:
    async with serving(mongod, redis_server, tmp_path / "api.log", **IMPATIENT) as edge:
        yield edge


@pytest.fixture
async def full(impatient: Edge, user_id: str) -> Edge:
    """An API where the user's inbox makes an answer of more than a megabyte."""
    one = {"userId": user_id, "key": "new_post", "data": {"text": "t" * 15_000}}
    for _ in range(4):
        await impatient.data(MANY, {"all": [one] * 25})
    return impatient


async def ask(line: ClientConnection, number: int, user_id: str) -> None:
    for name in range(number):
        await subscribe(line, str(name), INBOX, variables={"user": user_id})


async def test_answers_that_nobody_reads_take_little_memory(full: Edge, user_id: str) -> None:
    process = psutil.Process(full.api.pid)
    async with full.socket() as line:
        await ask(line, 1, user_id)
        assert "errors" not in (await hear(line))["payload"]
        before = peak = process.memory_info().rss
        line.transport.pause_reading()
        await ask(line, 80, user_id)
        async with asyncio.timeout(3 * PATIENCE):
            while not cuts(full):
                peak = max(peak, process.memory_info().rss)
                await asyncio.sleep(0.01)
        assert (peak - before) / MEGABYTE < 60
        line.transport.abort()


async def test_a_slow_client_that_goes_on_reading_gets_all_its_answers(
    full: Edge, user_id: str
) -> None:
    async with full.socket() as line:
        await ask(line, ANSWERS, user_id)
        hearing = asyncio.create_task(_hear_all(line, ANSWERS))
        async with asyncio.timeout(6 * PATIENCE):
            while not hearing.done():
                line.transport.pause_reading()
                await asyncio.sleep(0.4)
                line.transport.resume_reading()
                await asyncio.sleep(0.002)
        assert await hearing == {str(name) for name in range(ANSWERS)}
        assert cuts(full) == []


async def _hear_all(line: ClientConnection, number: int) -> set[str]:
    complete: set[str] = set()
    while len(complete) < number:
        said = json.loads(await line.recv())
        if said["type"] == "complete":
            complete.add(said["id"])
        else:
            assert "errors" not in said["payload"]
    return complete


async def test_a_pause_of_the_process_cuts_no_quiet_client(impatient: Edge) -> None:
    async with impatient.socket() as quiet, impatient.socket() as gone:
        os.kill(impatient.api.pid, signal.SIGSTOP)
        await asyncio.sleep(PAUSE_SECONDS)
        os.kill(impatient.api.pid, signal.SIGCONT)
        gone.transport.pause_reading()
        async with asyncio.timeout(PATIENCE):
            while not cuts(impatient):
                await asyncio.sleep(0.05)
        gone.transport.abort()
        await say(quiet, "ping")
        assert (await hear(quiet))["type"] == "pong"


async def test_a_wake_up_that_names_no_key_disturbs_nobody(
    impatient: Edge, redis_server: Redis
) -> None:
    async with impatient.socket() as line, Client.from_url(redis_server.url) as redis:
        assert await redis.publish(f"{PREFIX}{REVOKED}", b"\xff\xfe") > 0
        await asyncio.sleep(0)
        for _ in range(20):
            await say(line, "ping")
            assert (await hear(line))["type"] == "pong"
            await asyncio.sleep(0.02)


def test_who_reads_enough_is_seen_to_read() -> None:
    jam = Jam(0.0, 10 * LEAST_READ)
    jam.look(1.0, 10 * LEAST_READ)
    jam.look(2.0, 9 * LEAST_READ + 1)
    assert jam.since == 0.0
    jam.look(3.0, 9 * LEAST_READ)
    assert jam.since == 3.0
    jam.look(4.0, 12 * LEAST_READ)
    jam.look(5.0, 11 * LEAST_READ)
    assert jam.since == 5.0


async def test_one_answer_may_wait_whatever_its_size_and_others_within_a_bound() -> None:
    jam = Jam(0.0, 0)
    assert jam.has_room(2 * MOST_WAITING)
    waiting = asyncio.create_task(jam.wait(MOST_WAITING - 1))
    await asyncio.sleep(0)
    assert jam.has_room(1)
    assert not jam.has_room(2)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert jam.has_room(2)
    jam.end()
    await jam.wait()
