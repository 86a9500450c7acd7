"""What outlives its place on a socket: it is counted until it is over, and it is soon over."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from bson import ObjectId
from pydantic import SecretStr
from uvicorn.server import ServerState
from websockets.asyncio.client import ClientConnection

from core.errors import TooManyOperations
from core.settings import Settings
from graph.socket import Socket
from graph.socket_line import Line
from graph.socket_operation import AT_ONCE
from graph.socket_remains import Remains
from graph.sockets import Sockets
from local.mongod import Mongod
from local.redis import Redis
from rules.roles import Principal, Role
from tests.graph.api import serving
from tests.graph.conftest import PATIENCE, SECRET, Edge, hear
from tests.graph.test_socket import CREATE, say, subscribe

MOST = AT_ONCE + 2


@contextmanager
def frozen(mongod: Mongod) -> Iterator[None]:
    """MongoDB takes what it is told, and does nothing of it yet."""
    os.kill(mongod.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(mongod.pid, signal.SIGCONT)


@pytest.fixture
async def tight(mongod: Mongod, redis_server: Redis, tmp_path: Path) -> AsyncIterator[Edge]:
    """An API with few operations on a socket."""
    settings = {"SOCKET_OPERATIONS": str(MOST)}
    async with serving(mongod, redis_server, tmp_path / "api.log", **settings) as edge:
        yield edge


async def settled(line: ClientConnection) -> list[str]:
    """Codes of the operations that were refused, among all that was said before."""
    await say(line, "ping")
    said, codes = await hear(line), []
    while said["type"] != "pong":
        codes.append(said["payload"][0]["extensions"]["code"])
        said = await hear(line)
    return codes


async def unread(edge: Edge, user_id: str, at_least: int) -> int:
    """How many the user has, once there are so many."""
    async with asyncio.timeout(PATIENCE):
        while True:
            user = edge.database.users.find_one({"_id": ObjectId(user_id)}) or {"unread": 0}
            if user["unread"] >= at_least:
                return int(user["unread"])
            await asyncio.sleep(0.05)


async def begin(line: ClientConnection, name: str, user_id: str) -> list[str]:
    await subscribe(line, name, CREATE, variables={"user": user_id})
    return await settled(line)


async def test_changes_that_nobody_waits_for_are_counted_until_they_are_made(
    tight: Edge, mongod: Mongod, user_id: str
) -> None:
    with frozen(mongod):
        async with tight.socket() as first, tight.socket() as second:
            for number in range(AT_ONCE):
                line = first if number % 2 else second
                assert await begin(line, str(number), user_id) == []
                await say(line, "complete", id=str(number))
        async with tight.socket() as line:
            for number in range(MOST - AT_ONCE):
                assert await begin(line, str(number), user_id) == []
            assert await begin(line, "more", user_id) == ["TOO_MANY_OPERATIONS"]
    assert await unread(tight, user_id, MOST - 1) <= MOST
    async with asyncio.timeout(PATIENCE), tight.socket() as line:
        said = {"type": "error"}
        while said["type"] == "error":  # until the last of them are over
            await asyncio.sleep(0.05)
            await subscribe(line, "1", "{ kinds { key } }")
            said = await hear(line)
        assert said["type"] == "next"


async def test_a_change_that_is_stopped_before_it_begins_is_not_made(
    tight: Edge, mongod: Mongod, user_id: str
) -> None:
    async with tight.socket() as line:
        with frozen(mongod):
            for number in range(AT_ONCE + 1):
                assert await begin(line, str(number), user_id) == []
            await say(line, "complete", id=str(AT_ONCE))
            assert await settled(line) == []
        assert await unread(tight, user_id, AT_ONCE) == AT_ONCE
        await tight.data(CREATE, {"user": user_id})
        assert await unread(tight, user_id, AT_ONCE + 1) == AT_ONCE + 1


async def test_who_left_while_greeting_takes_no_place() -> None:
    sockets = Sockets(Settings(jwt_secret=SecretStr(SECRET), sockets_per_user=1), ())
    line = Line(sockets, ServerState())
    user = Principal(subject=str(ObjectId()), role=Role.SUBSCRIBER, expires_at=None)
    gone, comes = (Socket(sockets, line, None, None) for _ in range(2))
    gone.left()
    gone._welcome(user)  # as when a library has swallowed the cancellation
    assert sockets.greet(comes, user)
    assert not sockets.greet(gone, user)


async def test_what_swallows_a_cancellation_is_cancelled_again() -> None:
    async def stubborn(times: int) -> None:
        for _ in range(times):
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
        await asyncio.Event().wait()

    remains, task = Remains(), asyncio.create_task(stubborn(3))
    await asyncio.sleep(0)
    remains.end(task)
    for _ in range(3):
        await asyncio.sleep(0)
        assert not task.done()
        remains.look()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_is_kept_counts_to_its_caller_by_number_and_size() -> None:
    secret = SecretStr(SECRET)
    settings = Settings(jwt_secret=secret, socket_operations=2, socket_frame_bytes=65_536)
    remains, over = Remains(), asyncio.Event()

    async def change() -> None:
        await over.wait()

    task = asyncio.create_task(change())
    remains.keep(task, "me", 65_000)
    remains.check_room(settings, "me", [500])
    remains.check_room(settings, "you", [500, 60_000])
    for sizes in ([1, 1], [537]):
        with pytest.raises(TooManyOperations):
            remains.check_room(settings, "me", sizes)
    over.set()
    await task
    await asyncio.sleep(0)
    remains.check_room(settings, "me", [500, 60_000])
    await remains.settle(0)
