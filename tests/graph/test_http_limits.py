"""What a request may cost us: bytes, values, seconds and memory, whoever sends it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import psutil
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from core import events
from graph.accept import LEGACY
from graph.body import LARGEST, LARGEST_SUBSCRIBER, LARGEST_UNKNOWN, MOST_VALUES, ROOM, SHARE
from graph.http import answer
from graph.wire import LARGEST_HEAD
from tests.graph.conftest import PATIENCE, Edge, token
from tests.graph.http import ADMIN, JSON, code_of, connect, exchange, send

MIB = 1024 * 1024
HUGE = 30 * MIB
POST = b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
QUERY = b'{"query": "{ __typename }"}'


async def chunks(size: int) -> AsyncIterator[bytes]:
    """A body without a declared length."""
    for _ in range(size // 65_536):
        yield b" " * 65_536


def by(role: str, subject: str) -> dict[str, str]:
    return {**JSON, "Authorization": f"Bearer {token(role, subject)}"}


def padded(size: int) -> bytes:
    """A good operation of so many bytes."""
    return QUERY + b" " * (size - len(QUERY))


async def test_a_body_may_be_as_large_as_its_sender_is_known(edge: Edge, user_id: str) -> None:
    reader = by("subscriber", user_id), LARGEST_SUBSCRIBER
    for headers, limit in ((ADMIN, LARGEST), reader, (JSON, LARGEST_UNKNOWN)):
        assert (await send(edge, data=padded(limit), headers=headers))[0] == 200
        status, _, said = await send(edge, data=padded(limit + 1), headers=headers)
        assert (status, code_of(said)) == (413, "TOO_LARGE")
        status, _, said = await send(edge, data=chunks(2 * limit), headers=headers)
        assert (status, code_of(said)) == (413, "TOO_LARGE")


async def test_the_sender_of_a_huge_body_reads_why_it_was_refused(edge: Edge) -> None:
    for headers in (ADMIN, JSON):
        for body in (b" " * HUGE, chunks(HUGE)):
            status, _, said = await send(edge, data=body, headers=headers)
            assert (status, code_of(said)) == (413, "TOO_LARGE")
        assert (await send(edge, data=QUERY, headers=headers))[0] == 200


@pytest.mark.parametrize("said", [b"Content-Length: 100000000", b"Transfer-Encoding: chunked"])
async def test_a_last_answer_is_not_lost_to_what_is_still_being_sent(
    edge: Edge, said: bytes
) -> None:
    """By TCP: what comes to a socket that was closed resets the connection."""
    head = b"POST /unsubscribe/x HTTP/1.1\r\nHost: a\r\nSec-Fetch-Site: cross-site\r\n"
    reader, writer = await connect(edge)
    writer.write(head + b"Connection: close\r\n" + said + b"\r\n\r\n")
    async with asyncio.timeout(PATIENCE):
        assert (await reader.read()).startswith(b"HTTP/1.1 403 ")
        for _ in range(100):
            writer.write(b" " * 65_536)
            await writer.drain()
    assert not writer.is_closing()
    writer.close()


async def test_a_body_of_very_many_values_is_too_large(edge: Edge) -> None:
    body = b'{"query": "{ __typename }", "variables": {"a": [%s]}}'
    many = body % b",".join([b"[]"] * MOST_VALUES)
    assert len(many) < LARGEST
    status, _, said = await send(edge, data=many, headers=ADMIN)
    assert (status, code_of(said)) == (413, "TOO_LARGE")
    fewer = body % b",".join([b"1"] * (MOST_VALUES - 100))
    assert (await send(edge, data=fewer, headers=ADMIN))[0] == 200


async def test_huge_bodies_leave_the_memory_of_the_process_bounded(edge: Edge) -> None:
    process = psutil.Process(edge.api.pid)
    await send(edge, data=padded(LARGEST), headers=ADMIN)
    before = peak = process.memory_info().rss

    async def one(size: int, sender: int, *, declared: bool) -> int:
        nonlocal peak
        body: Any = padded(size) if declared else chunks(size)
        try:
            status, _, _ = await send(edge, data=body, headers=by("sender", f"shop {sender}"))
        except aiohttp.ClientOSError:
            status = 503  # On a slow machine a refused one is still being sent when it is cut off.
        peak = max(peak, process.memory_info().rss)
        return status

    for declared in (True, False):
        found = await asyncio.gather(*(one(HUGE, n, declared=declared) for n in range(12)))
        assert set(found) <= {413, 503}
    found = await asyncio.gather(*(one(LARGEST, n, declared=True) for n in range(24)))
    assert set(found) <= {200, 503}
    assert 200 in found
    # The room for all bodies, and what reading one of them takes for a moment.
    assert peak - before < ROOM + 12 * LARGEST
    # All room was given back.
    again = await asyncio.gather(*(one(LARGEST, n, declared=True) for n in range(4)))
    assert again == [200] * 4


@asynccontextmanager
async def unfinished(edge: Edge, subject: str) -> AsyncIterator[asyncio.StreamReader]:
    """A body that came quickly, all but the last byte."""
    reader, writer = await connect(edge)
    bearer = f"Authorization: Bearer {token('sender', subject)}\r\n".encode()
    writer.write(POST + bearer + b"Content-Length: %d\r\n\r\n" % LARGEST)
    for _ in range(LARGEST // MIB - 1):
        writer.write(b" " * MIB)
        await writer.drain()
    writer.write(b" " * (MIB - 1))
    yield reader
    writer.close()


async def test_one_caller_has_a_share_of_the_room_and_others_the_rest(edge: Edge) -> None:
    async with AsyncExitStack() as open_:
        greedy = [await open_.enter_async_context(unfinished(edge, "greedy")) for _ in range(8)]
        assert (await send(edge, data=padded(LARGEST), headers=by("sender", "modest")))[0] == 200
        refused = await asyncio.gather(*(asked(reader) for reader in greedy))
    assert sorted(refused) == [408] * (SHARE // LARGEST) + [429] * (8 - SHARE // LARGEST)
    assert (await send(edge, data=padded(LARGEST), headers=by("sender", "greedy")))[0] == 200


async def asked(reader: asyncio.StreamReader) -> int:
    """The status of an answer, which does not wait for long."""
    async with asyncio.timeout(3 * PATIENCE):
        return int((await reader.readline()).split()[1])


async def test_what_came_quickly_is_no_credit_for_silence(edge: Edge) -> None:
    async with AsyncExitStack() as open_:
        callers = [f"shop {number}" for number in range(ROOM // LARGEST)]
        silent = [await open_.enter_async_context(unfinished(edge, caller)) for caller in callers]
        assert set(await asyncio.gather(*(asked(reader) for reader in silent))) <= {408, 503}
        assert (await send(edge, data=padded(LARGEST), headers=ADMIN))[0] == 200


async def test_heads_and_bodies_that_drip_in_are_given_up(edge: Edge) -> None:
    slow = [
        POST + b"X-Slow: 1\r\n",
        POST + b"Content-Length: 100\r\n\r\n" + QUERY,
        POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\n",
        POST + b"Content-Length: 100\r\nExpect: 100-continue\r\n\r\n",
        b"GET /gra",
    ]
    answers = await asyncio.gather(*(exchange(edge, said) for said in slow))
    for status, headers, body in answers:
        if status == 100:
            assert b"HTTP/1.1 408" in body
        else:
            assert (status, headers["connection"]) == (408, "close")
            assert code_of(json.loads(body)) == "BAD_REQUEST"


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"hello\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (POST + b"Content-Length: -1\r\n\r\n", 400),
        (POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nnot a size\r\n", 400),
        (POST + b"X-Long: " + b"x" * 5 * LARGEST_HEAD, 431),
        (POST + b"Cookie: " + b"a=b; " * LARGEST_HEAD + b"\r\n\r\n", 431),
        (POST + b"X-More: 1\r\n" * (LARGEST_HEAD // 10) + b"\r\n", 431),
        (b"GET /graphql?query=" + b"x" * 5 * LARGEST_HEAD, 431),
    ],
)
async def test_what_is_no_request_is_refused_in_json(edge: Edge, said: bytes, status: int) -> None:
    found, headers, body = await exchange(edge, said)
    assert (found, headers["content-type"]) == (status, f"{LEGACY}; charset=utf-8")
    assert code_of(json.loads(body)) == "BAD_REQUEST"


async def test_headers_without_number_end_at_the_limit(edge: Edge) -> None:
    found, _, _ = await exchange(edge, POST, *([b"X-More: 1\r\n" * 1_000] * 10))
    assert found == 431


async def test_what_nobody_expected_is_masked_and_the_log_has_it_by_its_id() -> None:
    heard: list[dict[str, object]] = []
    leave = events.subscribe(lambda _, fields: heard.append(dict(fields)))
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": QUERY}

    async def take(message: Any) -> None:
        sent.append(message)

    # An application that was never started lacks all that an operation needs.
    app = Starlette(routes=[Route("/graphql", answer, methods=["POST"])])
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "headers": [],
        "query_string": b"",
    }
    try:
        await app(scope, receive, take)
    finally:
        leave()
    start, body = sent
    said = json.loads(body["body"])
    assert (start["status"], code_of(said)) == (500, "INTERNAL_SERVER_ERROR")
    assert "parts" not in body["body"].decode()
    (failure,) = (it for it in heard if "reference" in it)
    assert str(failure["reference"]) in said["errors"][0]["message"]
    assert isinstance(failure["exc_info"], AttributeError)
