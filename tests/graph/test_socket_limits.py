"""What one socket, one user and all sockets together may take up, each by a setting."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from local.mongod import Mongod
from local.redis import Redis
from tests.graph.api import serving
from tests.graph.conftest import OWN, PATIENCE, PROTOCOL, Edge, hear, token
from tests.graph.test_socket import CREATE, EVENTS, closing, follow, say, subscribe

LIMITS = {
    "SOCKETS": "6",
    "SOCKETS_PER_USER": "2",
    "SOCKETS_UNAUTHENTICATED": "12",  # 3 from one network
    "SOCKET_OPERATIONS": "3",
    "SOCKET_FRAME_BYTES": "100000",
    "SOCKET_MESSAGES_PER_SECOND": "20",
}
SMALL_FRAME = 64 * 1024
BURST = 100


@pytest.fixture
async def tight(mongod: Mongod, redis_server: Redis, tmp_path: Path) -> AsyncIterator[Edge]:
    """An API that has little room."""
    async with serving(mongod, redis_server, tmp_path / "api.log", **LIMITS) as edge:
        yield edge


async def opened(edge: Edge, network: str = "") -> ClientConnection:
    address = edge.address.replace("http", "ws") + "/graphql"
    headers = {"X-Forwarded-For": network} if network else {}
    return await connect(
        address, subprotocols=[PROTOCOL], max_size=None, additional_headers=headers
    )


async def greeted(edge: Edge, role: str | None, user_id: str = OWN) -> ClientConnection:
    """A socket that said hello, whatever it was answered."""
    line = await opened(edge)
    said = {"authorization": f"Bearer {token(role, user_id)}"} if role else {}
    await say(line, "connection_init", payload=said)
    return line


async def let_in(edge: Edge, role: str | None, user_id: str = OWN) -> ClientConnection:
    line = await greeted(edge, role, user_id)
    assert (await hear(line))["type"] == "connection_ack"
    return line


async def answer(line: ClientConnection) -> int:
    """The code that a greeting is refused with; 0 if it is not."""
    try:
        assert (await hear(line))["type"] == "connection_ack"
    except ConnectionClosed:
        return line.close_code or 0
    return 0


async def refused(edge: Edge) -> int:
    """The status that an upgrade is refused with; 0 if it is not."""
    try:
        async with await opened(edge):
            return 0
    except InvalidStatus as error:
        return error.response.status_code


async def until_let_in(edge: Edge) -> None:
    async with asyncio.timeout(PATIENCE):
        while await refused(edge):
            await asyncio.sleep(0.05)


async def test_a_user_has_so_many_sockets_and_others_have_theirs(tight: Edge, user_id: str) -> None:
    first, second = [await let_in(tight, "subscriber", user_id) for _ in range(2)]
    assert (await closing(await greeted(tight, "subscriber", user_id)))[0] == 1013
    other = await let_in(tight, "subscriber", user_id[::-1])
    await second.close()
    again = await greeted(tight, "subscriber", user_id)
    async with asyncio.timeout(PATIENCE):
        while await answer(again) == 1013:  # until the API has seen the close
            again = await greeted(tight, "subscriber", user_id)
    for line in (first, other, again):
        await say(line, "ping")
        assert (await hear(line))["type"] == "pong"
        await line.close()


async def test_strangers_leave_room_for_those_who_show_a_token(tight: Edge, user_id: str) -> None:
    strangers = [await opened(tight) for _ in range(3)]
    assert await refused(tight) == 503
    async with await opened(tight, "192.0.2.7") as line:  # from elsewhere
        await say(line, "ping")
        assert (await hear(line))["type"] == "pong"
    await strangers[1].close()
    await until_let_in(tight)
    async with await let_in(tight, "subscriber", user_id) as line:
        await say(line, "ping")
        assert (await hear(line))["type"] == "pong"
    for line in strangers:
        await line.close()


async def test_a_process_has_so_many_sockets(tight: Edge, user_id: str) -> None:
    users = [f"{number:024x}" for number in range(6)]
    lines = [await let_in(tight, "subscriber", user) for user in users]
    assert await refused(tight) == 503
    await lines[0].close()
    await until_let_in(tight)
    for line in lines:
        await line.close()


async def test_a_socket_has_so_many_operations(tight: Edge, user_id: str) -> None:
    async with await let_in(tight, "admin") as line:
        for name in "abcd":
            await follow(line, name, user_id)
        said = await hear(line)
        assert (said["id"], said["type"]) == ("d", "error")
        assert said["payload"][0]["extensions"]["code"] == "TOO_MANY_OPERATIONS"
        await tight.data(CREATE, {"user": user_id})
        assert {(await hear(line))["id"] for _ in range(3)} == set("abc")


async def by_messages(line: ClientConnection) -> None:
    await say(line, "complete", id="nothing")


async def by_pings(line: ClientConnection) -> None:
    await line.ping()


async def by_empty_fragments(line: ClientConnection) -> None:
    await line.send(["" for _ in range(3 * BURST)], text=True)


@pytest.mark.parametrize("flood", [by_messages, by_pings, by_empty_fragments])
async def test_a_flood_of_frames_is_closed_with_1008(
    tight: Edge, flood: Callable[[ClientConnection], Awaitable[None]]
) -> None:
    async with await let_in(tight, "admin") as line, await let_in(tight, "sender") as other:
        end = asyncio.create_task(closing(line))
        with suppress(ConnectionClosed):
            async with asyncio.timeout(PATIENCE):
                while not end.done():
                    await asyncio.sleep(0)
                    await flood(line)
        assert (await end)[0] == 1008
        await say(other, "ping")
        assert (await hear(other))["type"] == "pong"


async def test_a_burst_within_the_limit_is_answered(tight: Edge) -> None:
    async with await let_in(tight, "admin") as line:
        for number in range(BURST - 1):
            await say(line, "ping", payload={"number": number})
        for number in range(BURST - 1):
            assert await hear(line) == {"type": "pong", "payload": {"number": number}}


async def test_strangers_send_small_messages_and_others_larger_ones(tight: Edge) -> None:
    long = "#" * (SMALL_FRAME + 1)
    async with await opened(tight) as stranger:
        await say(stranger, "ping", payload={"long": long})
        assert (await closing(stranger))[0] == 1009
    async with await let_in(tight, "admin") as line:
        await say(line, "ping", payload={"long": long})
        assert (await hear(line))["payload"] == {"long": long}
        await say(line, "ping", payload={"long": "#" * 100_001})
        assert (await closing(line))[0] == 1009


async def test_what_the_operations_of_a_socket_were_asked_with_is_bounded(
    tight: Edge, user_id: str
) -> None:
    variables = {"user": user_id, "unused": "#" * 45_000}
    async with await let_in(tight, "admin") as line:
        for name in "abc":
            await subscribe(line, name, EVENTS, variables=variables)
        said = await hear(line)
        assert (said["id"], said["type"]) == ("c", "error")
        assert said["payload"][0]["extensions"]["code"] == "TOO_MANY_OPERATIONS"
        await say(line, "complete", id="a")
        await follow(line, "d", user_id)
        await tight.data(CREATE, {"user": user_id})
        assert {(await hear(line))["id"] for _ in range(2)} == set("bd")


async def test_a_handshake_with_headers_out_of_measure_is_refused(tight: Edge) -> None:
    address = tight.address.replace("http", "ws") + "/graphql"
    with pytest.raises(InvalidStatus, match="431"):
        await connect(address, additional_headers={"X-Long": "#" * 9_000})


@pytest.mark.parametrize("path", ["/", "/graphql/", "/health/live"])
async def test_there_are_no_sockets_elsewhere(tight: Edge, path: str) -> None:
    with pytest.raises(InvalidStatus, match="404"):
        await connect(tight.address.replace("http", "ws") + path, subprotocols=[PROTOCOL])


async def test_queries_and_mutations_end_in_time_and_subscriptions_go_on(
    mongod: Mongod, redis_server: Redis, tmp_path: Path, user_id: str
) -> None:
    log = tmp_path / "api.log"
    short = {"OPERATION_SECONDS": "0.000001"}
    async with serving(mongod, redis_server, log, **short) as edge, edge.socket() as line:
        await follow(line, "bell", user_id)
        for name, query in (("query", "{ statistics { total } }"), ("mutation", CREATE)):
            await subscribe(line, name, query, variables={"user": user_id})
            said = await hear(line)
            assert (said["id"], said["type"]) == (name, "error")
            assert said["payload"][0]["extensions"]["code"] == "TIMEOUT"
        await say(line, "ping")
        assert (await hear(line))["type"] == "pong"
        line_of = {"type": "subscribe", "id": "bell", "payload": {"query": "{ a }"}}
        await line.send(json.dumps(line_of))
        assert (await closing(line))[0] == 4409  # the bell is still there
