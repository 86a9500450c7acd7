import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from typing import Any

import pytest
from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from core import mongo
from local.mongod import Mongod
from local.ports import LOOPBACK
from tests.faults.proxy import CHUNK, Proxy

PATIENCE = 30.0
NEVER = 0.2
"""Seconds in which nothing may come."""

Echo = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    """A proxy before a server that says everything back."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while octets := await reader.read(CHUNK):
                writer.write(octets)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            await hang_up(writer)

    server = await asyncio.start_server(echo, LOOPBACK, 0)
    async with server, Proxy(server.sockets[0].getsockname()[1]).listening() as proxy:
        yield proxy
    assert proxy.open_lines == 0


@pytest.fixture
async def call(proxy: Proxy) -> AsyncIterator[Callable[[], Any]]:
    """A way to connect; the connections end with the test."""
    async with AsyncExitStack() as stack:

        async def connect() -> Echo:
            reader, writer = await asyncio.open_connection(LOOPBACK, proxy.port)
            stack.push_async_callback(hang_up, writer)
            return reader, writer

        yield connect


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Close a connection that may have been reset."""
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def said_back(line: Echo, octets: bytes) -> bytes:
    """What comes back of what is said."""
    line[1].write(octets)
    async with asyncio.timeout(PATIENCE):
        return await line[0].readexactly(len(octets))


async def is_silent(line: Echo) -> bool:
    """Whether nothing at all comes, not even an end."""
    try:
        await asyncio.wait_for(line[0].read(1), NEVER)
    except TimeoutError:
        return True
    return False


async def test_everything_comes_through_and_nothing_is_altered(call: Any, proxy: Proxy) -> None:
    octets = bytes(range(256)) * 4_096
    lines = [await call() for _ in range(5)]
    assert await asyncio.gather(*(said_back(line, octets) for line in lines)) == [octets] * 5
    assert proxy.connections == 5


async def test_the_end_of_a_client_reaches_the_server_and_comes_back(
    call: Any, proxy: Proxy
) -> None:
    reader, writer = await call()
    writer.write(b"last words")
    writer.write_eof()
    async with asyncio.timeout(PATIENCE):
        assert await reader.read() == b"last words"
        while proxy.open_lines:
            await asyncio.sleep(0.01)


async def test_a_reset_ends_every_connection_and_new_ones_are_served(
    call: Any, proxy: Proxy
) -> None:
    lines = [await call() for _ in range(3)]
    for line in lines:
        assert await said_back(line, b"hello") == b"hello"
    assert await proxy.reset() == 3
    for reader, _ in lines:
        with pytest.raises(ConnectionResetError):
            await reader.read(1)
    assert await said_back(await call(), b"again") == b"again"


async def test_a_reply_is_cut_where_it_was_told_and_only_one(call: Any, proxy: Proxy) -> None:
    first, second = await call(), await call()
    proxy.cut(4)
    first[1].write(b"hello")
    assert await first[0].readexactly(4) == b"hell"
    with pytest.raises(ConnectionResetError):
        await first[0].read(1)
    assert await said_back(second, b"hello") == b"hello"


async def test_a_cut_at_zero_takes_the_whole_reply(call: Any, proxy: Proxy) -> None:
    reader, writer = await call()
    proxy.cut(0)
    writer.write(b"hello")
    with pytest.raises(ConnectionResetError):
        await reader.read(1)


async def test_a_black_hole_swallows_old_and_new_connections_until_it_is_healed(
    call: Any, proxy: Proxy
) -> None:
    old = await call()
    assert await said_back(old, b"hello") == b"hello"
    proxy.blackhole()
    new = await call()
    for line in (old, new):
        line[1].write(b"anybody?")
        assert await is_silent(line)
    await proxy.heal()
    # What was swallowed is gone for good, so these connections can't go on.
    for reader, _ in (old, new):
        with pytest.raises(ConnectionResetError):
            await reader.read(1)
    assert await said_back(await call(), b"again") == b"again"


async def test_who_refuses_has_no_connections_and_comes_back_at_the_same_port(
    call: Any, proxy: Proxy
) -> None:
    old, port = await call(), proxy.port
    assert await said_back(old, b"hello") == b"hello"
    await proxy.refuse()
    with pytest.raises(ConnectionResetError):
        await old[0].read(1)
    with pytest.raises(ConnectionRefusedError):
        await call()
    await proxy.heal()
    assert proxy.port == port
    assert await said_back(await call(), b"again") == b"again"


async def test_latency_puts_off_each_chunk_each_way(call: Any, proxy: Proxy) -> None:
    line = await call()
    proxy.latency_seconds = NEVER
    line[1].write(b"hello")
    assert await is_silent(line)
    assert await line[0].readexactly(5) == b"hello"
    await proxy.heal()
    assert await said_back(line, b"quick") == b"quick"


async def test_a_client_learns_that_the_target_is_gone() -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), LOOPBACK, 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    async with Proxy(port).listening() as proxy:
        reader, writer = await asyncio.open_connection(LOOPBACK, proxy.port)
        with pytest.raises(ConnectionResetError):
            await reader.read(1)
        await hang_up(writer)


async def test_mongodb_works_through_a_proxy_with_transactions_and_majority(
    mongod: Mongod,
) -> None:
    async with Proxy(mongod.port).listening() as proxy:
        uri = f"mongodb://{LOOPBACK}:{proxy.port}/proxied?directConnection=true"
        async with mongo.connect(uri) as client:
            things = mongo.database(client)["things"]
            assert things.write_concern.document == {"w": "majority"}

            async def work(session: AsyncClientSession) -> None:
                await things.insert_one({"_id": ObjectId()}, session=session)
                await things.insert_one({"_id": ObjectId()}, session=session)

            await things.database.create_collection("things")
            await mongo.in_transaction(client, work)
            assert await things.count_documents({}) == 2
            assert client.nodes == {(LOOPBACK, proxy.port)}, "it must not go round the proxy"
            async with client.start_session(snapshot=True) as session:
                assert await things.count_documents({}, session=session) == 2
            await client.drop_database("proxied")
    assert proxy.connections
