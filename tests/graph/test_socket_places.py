"""Strangers give way to those who come to do something."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from local.mongod import Mongod
from local.redis import Redis
from tests.graph.api import serving
from tests.graph.conftest import PATIENCE, Edge, hear
from tests.graph.test_socket import closing, say
from tests.graph.test_socket_limits import let_in, opened, refused

FEW = {"SOCKETS_UNAUTHENTICATED": "12"}
"""3 from one network."""
NO_SUBPROTOCOL = (
    b"GET /graphql HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


@pytest.fixture
async def few(mongod: Mongod, redis_server: Redis, tmp_path: Path) -> AsyncIterator[Edge]:
    """An API that has little room for strangers."""
    async with serving(mongod, redis_server, tmp_path / "api.log", **FEW) as edge:
        yield edge


async def test_the_stranger_who_has_long_asked_for_nothing_makes_room(few: Edge) -> None:
    silent, first, second = [await opened(few), *[await let_in(few, None) for _ in "12"]]
    newcomer = await let_in(few, "sender")
    assert await closing(first) == (1013, "others need the room")
    for line in (silent, second, newcomer):
        await say(line, "ping")
        assert (await hear(line))["type"] == "pong"
        await line.close()


async def test_a_socket_that_is_being_closed_takes_no_stranger_s_place(few: Edge) -> None:
    address = urlsplit(few.address)
    lines = [await asyncio.open_connection(address.hostname, address.port) for _ in range(3)]
    for reader, writer in lines:
        writer.write(NO_SUBPROTOCOL)
        async with asyncio.timeout(PATIENCE):
            await reader.readuntil(b"not acceptable")  # and no answer to that
    assert await refused(few) == 0
    for _, writer in lines:
        writer.close()


async def test_when_strangers_have_no_place_left_one_of_any_network_makes_room(few: Edge) -> None:
    first = await let_in(few, None)
    others = [await opened(few, f"192.0.2.{number // 3}") for number in range(11)]
    newcomer = await opened(few, "198.51.100.1")
    assert (await closing(first))[0] == 1013
    assert await refused(few) == 503
    for line in (newcomer, *others):
        await line.close()
