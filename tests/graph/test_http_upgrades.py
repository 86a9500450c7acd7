"""Requests that ask for another protocol: one socket is opened, everything else stays HTTP/1.1."""

import asyncio
import json

import pytest

from tests.graph.conftest import PATIENCE, Edge
from tests.graph.http import code_of, connect, exchange

QUERY = b'{"query": "{ __typename }"}'
SMUGGLED = b"GET /graphql?query=%7Ba:__typename%7D HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n"
TO_SOCKET = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n"
)
OPEN = b"GET /graphql HTTP/1.1\r\nHost: a\r\n" + TO_SOCKET + b"\r\n"
LAST = b"GET /graphql?query=%7Bz:__typename%7D HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
ANSWER, LAST_ANSWER = b'{"data":{"__typename":"Query"}}', b'{"data":{"z":"Query"}}'


def post(headers: bytes = b"", body: bytes = QUERY) -> bytes:
    return POST + headers + b"Content-Length: %d\r\n\r\n" % len(body) + body


async def said_to(edge: Edge, *parts: bytes) -> bytes:
    """All that the API answers until it closes, to parts that it reads one by one."""
    reader, writer = await connect(edge)
    for part in parts:
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(0.05)  # else the parts may arrive as one; either way is good
    async with asyncio.timeout(3 * PATIENCE):
        answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize("upgrade", [H2C, TO_SOCKET, H2C.replace(b"h2c", b"TLS/1.0, foo/2")])
@pytest.mark.parametrize("cut", [0, 30, -len(QUERY), -5])
async def test_a_post_that_offers_an_upgrade_is_answered_as_any_other(
    edge: Edge, upgrade: bytes, cut: int
) -> None:
    request = post(upgrade)
    answer = await said_to(edge, request[:cut], request[cut:], LAST)
    assert answer.count(b"HTTP/1.1 200") == 2
    assert answer.index(ANSWER) < answer.index(LAST_ANSWER)


async def test_a_body_in_chunks_stays_the_body_of_a_request_that_offers_an_upgrade(
    edge: Edge,
) -> None:
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(QUERY), QUERY)
    answer = await said_to(edge, POST + H2C + b"Transfer-Encoding: chunked\r\n\r\n", body, LAST)
    assert answer.count(b"HTTP/1.1") == 2
    assert ANSWER in answer


@pytest.mark.parametrize("upgrade", [H2C, TO_SOCKET])
async def test_no_body_is_taken_for_the_next_request(edge: Edge, upgrade: bytes) -> None:
    for parts in ([post(upgrade, SMUGGLED)], [post(upgrade, SMUGGLED)[: -len(SMUGGLED)], SMUGGLED]):
        answer = await said_to(edge, *parts, LAST)
        assert answer.count(b"HTTP/1.1 ") == 2
        assert b'"a"' not in answer


async def test_very_many_offers_in_one_write_are_all_answered(edge: Edge) -> None:
    many = 300
    answer = await said_to(edge, post(H2C) * many + LAST)
    assert (answer.count(ANSWER), answer.count(LAST_ANSWER)) == (many, 1)


async def test_no_socket_is_opened_behind_a_request_that_is_being_answered(edge: Edge) -> None:
    answer = await said_to(edge, post() + OPEN + LAST)
    assert b"HTTP/1.1 101" not in answer
    assert answer.index(ANSWER) < answer.index(b"HTTP/1.1 400") < answer.index(LAST_ANSWER)


@pytest.mark.parametrize(
    "request_",
    [
        OPEN.replace(b"HTTP/1.1", b"HTTP/1.0"),
        OPEN[:-2] + b"Content-Length: 5\r\n\r\nhello",
        OPEN[:-2] + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        OPEN.replace(b"GET", b"HEAD"),
        OPEN.replace(b"websocket", b"h2c"),
    ],
)
async def test_only_a_get_without_a_body_opens_a_socket(edge: Edge, request_: bytes) -> None:
    answer = await said_to(edge, request_.replace(b"Upgrade\r\n", b"Upgrade, close\r\n"))
    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.count(b"HTTP/1.1") == 1


async def test_a_socket_is_opened_on_a_connection_that_has_asked_before(edge: Edge) -> None:
    reader, writer = await connect(edge)
    async with asyncio.timeout(PATIENCE):
        for _ in range(2):
            writer.write(post())
            await reader.readuntil(ANSWER)
        writer.write(OPEN)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
    writer.close()


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        (OPEN.replace(b"/graphql", b"/nowhere"), 404, "BAD_REQUEST"),
        (OPEN.replace(b"Version: 13", b"Version: 99"), 400, "BAD_REQUEST"),
        (OPEN.replace(b"Sec-WebSocket-Key", b"X-Key"), 400, "BAD_REQUEST"),
        (OPEN[:-2] + b"Origin: https://evil.example.com\r\n\r\n", 403, "FORBIDDEN"),
        (OPEN[:-2] + b"X-More: 1\r\n" * 200 + b"\r\n", 431, "BAD_REQUEST"),
        (b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "BAD_REQUEST"),
    ],
)
async def test_a_refused_upgrade_is_told_why_in_json(
    edge: Edge, request_: bytes, status: int, code: str
) -> None:
    found, headers, body = await exchange(edge, request_)
    assert (found, headers["content-type"]) == (status, "application/json; charset=utf-8")
    assert code_of(json.loads(body)) == code


@pytest.mark.parametrize(
    "hosts", [b"", b"Host: a\r\nHost: a\r\n", b"Host: a b\r\n", b"Host: a/b\r\n", b"Host: u@a\r\n"]
)
@pytest.mark.parametrize("rest", [b"", TO_SOCKET, H2C])
async def test_a_request_has_one_host(edge: Edge, hosts: bytes, rest: bytes) -> None:
    start = b"GET /graphql?query=%7B__typename%7D HTTP/1.1\r\n"
    found, headers, body = await exchange(edge, start + hosts + rest + b"\r\n")
    assert (found, headers["connection"], code_of(json.loads(body))) == (
        400,
        "close",
        "BAD_REQUEST",
    )


@pytest.mark.parametrize(
    ("version", "hosts"),
    [
        (b"1.1", b"Host:\r\n"),
        (b"1.1", b"Host: [::1]:80\r\n"),
        (b"1.0", b""),
        (b"1.0", b"Host: a\r\n"),
    ],
)
async def test_a_host_may_be_any_and_an_old_client_may_have_none(
    edge: Edge, version: bytes, hosts: bytes
) -> None:
    start = b"GET /graphql?query=%7B__typename%7D HTTP/" + version + b"\r\n"
    found, _, body = await exchange(edge, start + hosts + b"Connection: close\r\n\r\n")
    assert (found, body) == (200, ANSWER)
