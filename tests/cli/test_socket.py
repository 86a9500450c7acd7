"""Subscriptions over servers that end, refuse, ping and come back as docs/sockets.md says."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from cli import socket
from cli.server import Refused, Server
from core.errors import Unavailable

Turn = Callable[[ServerConnection], Awaitable[None]]
DOCUMENT = "subscription { count }"


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses that no test waits for."""
    monkeypatch.setattr(socket, "LONGEST_PAUSE", 0.01)


@asynccontextmanager
async def server(*turns: Turn) -> AsyncIterator[Server]:
    """A server that takes one turn for each connection, in their order."""
    left = list(turns)

    async def take(line: ServerConnection) -> None:
        await left.pop(0)(line)

    async with serve(take, "127.0.0.1", 0, subprotocols=[Subprotocol(socket.PROTOCOL)]) as running:
        port = running.sockets[0].getsockname()[1]
        async with Server.reached(f"http://127.0.0.1:{port}", lambda: "the token") as reached:
            yield reached


async def greet(line: ServerConnection) -> Any:
    """Greet, and give the payload of what is subscribed to."""
    hello = json.loads(await line.recv())
    assert hello == {
        "type": "connection_init",
        "payload": {"authorization": "Bearer the token"},
    }
    await line.send(json.dumps({"type": "connection_ack"}))
    asked = json.loads(await line.recv())
    assert (asked["type"], asked["payload"]["query"]) == ("subscribe", DOCUMENT)
    return asked["payload"]["variables"]


async def say(line: ServerConnection, kind: str, payload: Any = None) -> None:
    await line.send(json.dumps({"id": "1", "type": kind, "payload": payload}))


async def count(line: ServerConnection, *numbers: int) -> None:
    for number in numbers:
        await say(line, "next", {"data": {"count": number}})


async def follow(reached: Server, lost: list[str], **options: bool) -> list[int]:
    """All that is told, each time after the last of it."""
    place: list[int | None] = [None]
    heard = []
    stream = socket.follow(reached, DOCUMENT, lambda: {"after": place[-1]}, lost.append, **options)
    async for number in stream:
        heard.append(number)
        place.append(number)
    return heard


def ends(code: int, *numbers: int) -> Turn:
    """Tell some and close."""

    async def turn(line: ServerConnection) -> None:
        await greet(line)
        await count(line, *numbers)
        await line.close(code)

    return turn


def completes(after: int | None, *numbers: int) -> Turn:
    """Tell some, after the place that is expected, and complete."""

    async def turn(line: ServerConnection) -> None:
        assert await greet(line) == {"after": after}
        await count(line, *numbers)
        await say(line, "complete")
        await line.wait_closed()

    return turn


async def test_a_stream_ends_when_the_server_completes_it() -> None:
    lost: list[str] = []
    async with server(completes(None, 1, 2)) as reached:
        assert await follow(reached, lost) == [1, 2]
    assert lost == []


@pytest.mark.parametrize("code", [1000, 1001, 1011, 1012, 1013, 4403, 4408, 4500])
async def test_what_passes_is_gone_on_from_after_the_last_place(code: int) -> None:
    lost: list[str] = []
    async with server(ends(code, 1, 2), ends(code), completes(2, 3)) as reached:
        assert await follow(reached, lost) == [1, 2, 3]
    assert [str(code) in each for each in lost] == [True, True]


@pytest.mark.parametrize("code", sorted(socket.FATAL - {1002, 1007, 1009}))
async def test_a_mistake_of_the_client_is_final(code: int) -> None:
    async with server(ends(code, 1)) as reached:
        with pytest.raises(Refused, match=str(code)):
            await follow(reached, [])


async def test_a_token_that_is_refused_at_the_greeting_is_final() -> None:
    async def refuse(line: ServerConnection) -> None:
        await line.recv()
        await line.close(4403, "the token has expired")

    async with server(refuse) as reached:
        with pytest.raises(Refused, match="the token has expired; --token"):
            await follow(reached, [])


async def test_a_first_connection_that_is_not_now_is_unavailable() -> None:
    async def not_now(line: ServerConnection) -> None:
        await line.recv()
        await line.close(1013)

    async with server(not_now) as reached:
        with pytest.raises(Unavailable, match="1013"):
            await follow(reached, [])


async def test_a_ping_is_answered_and_unknown_messages_are_passed_over() -> None:
    async def ping(line: ServerConnection) -> None:
        await greet(line)
        await line.send(json.dumps({"type": "later_versions_say_this"}))
        await line.send(json.dumps({"type": "ping"}))
        assert json.loads(await line.recv()) == {"type": "pong"}
        await count(line, 7)
        await say(line, "complete")

    async with server(ping) as reached:
        assert await follow(reached, []) == [7]


@pytest.mark.parametrize("kind", ["error", "next"])
async def test_errors_of_a_state_that_passes_are_waited_out(kind: str) -> None:
    async def refuse(line: ServerConnection) -> None:
        await greet(line)
        errors = [{"message": "shortly", "extensions": {"code": "UNAVAILABLE"}}]
        await say(line, kind, errors if kind == "error" else {"data": None, "errors": errors})
        await line.wait_closed()

    lost: list[str] = []
    async with server(refuse, completes(None, 1)) as reached:
        assert await follow(reached, lost) == [1]
    assert lost == ["UNAVAILABLE: shortly"]


async def test_other_errors_are_final() -> None:
    async def refuse(line: ServerConnection) -> None:
        await greet(line)
        await say(line, "error", [{"message": "no", "extensions": {"code": "FORBIDDEN"}}])
        await line.wait_closed()

    async with server(refuse) as reached:
        with pytest.raises(Refused, match="FORBIDDEN: no"):
            await follow(reached, [])


async def test_an_endless_stream_goes_on_after_its_completion() -> None:
    async with server(completes(None, 1), completes(1, 2), ends(4400)) as reached:
        with pytest.raises(Refused, match="4400"):
            await follow(reached, [], endless=True)
