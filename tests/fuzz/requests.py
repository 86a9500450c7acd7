"""Requests of HTTP that no client sends, well formed and not."""

import json
import re
import socket
from contextlib import suppress
from http.client import HTTPConnection
from random import Random
from typing import NamedTuple

from hypothesis import strategies as st

from tests.fuzz.frames import DEEP, QUERIES
from tests.fuzz.generating import JSON, ODD, TEXTS
from tests.fuzz.house import ROLES
from tests.fuzz.judging import STATUSES
from tests.fuzz.sending import PATIENCE, Answer, read

_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")
NEVER = range(500, 600)
DOCUMENTED = {200, 101, 404, *set().union(*STATUSES.values())}

LINES = (
    *(b"POST /graphql HTTP/1.1", b"GET /graphql?query={__typename} HTTP/1.1", b"PRI * HTTP/2.0"),
    *(b"GET /graphql HTTP/1.0", b"get /graphql HTTP/1.1", b"POST /graphql HTTP/9.9", b"TRACE / x"),
    *(b"OPTIONS * HTTP/1.1", b"CONNECT a:1 HTTP/1.1", b"GET //../..%2f%00 HTTP/1.1"),
    *(b"Host: a", b"Content-Length: 2", b"Content-Length: 0", b"Content-Length: -1"),
    *(b"Content-Length: 99999999999999999999", b"Transfer-Encoding: chunked"),
    *(b"Content-Type: application/json", b"Upgrade: websocket", b"Connection: upgrade"),
    *(b"Connection: close", b"Expect: 100-continue", b"Accept: text/event-stream"),
    *(b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", b"Sec-WebSocket-Version: 13"),
    *(b"Sec-WebSocket-Protocol: graphql-transport-ws", b"Origin: null", b"Authorization: Bearer"),
    *(b"", b"", b"{}", b"2", b"0", b"fffffffffffffffff", b"\xff\xfe", b" folded", b": nameless"),
    *(b"X: " + b"y" * 70_000, b"\0" * 9),
)


class Request(NamedTuple):
    """A request that HTTP allows."""

    role: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


_SAID = st.fixed_dictionaries(
    {},
    optional={
        "query": st.sampled_from(QUERIES) | JSON,
        "variables": st.dictionaries(st.sampled_from("nt"), JSON, max_size=3) | JSON,
        "operationName": st.sampled_from(("", "A")) | JSON,
        "extensions": st.just({"persistedQuery": {"version": 1}}) | JSON,
        "documentId": JSON,
        "x": JSON,
    },
)
_BODIES = (
    _SAID.map(lambda said: json.dumps(said).encode())
    | JSON.map(lambda said: json.dumps(said).encode())
    | st.binary(max_size=300)
    | st.sampled_from(DEEP).map(str.encode)
    | TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass"))
)
_TYPES = (
    *("application/json",) * 8,
    *("application/json; charset=utf-8", "application/json; charset=latin-1", "text/plain"),
    *("application/graphql", "multipart/form-data", ""),
)
_ODD_HEADERS = (
    *(("Accept", said) for said in ("*/*", "text/event-stream", "application/json;q=0", "x")),
    *(("Accept", said) for said in ("application/*;q=2", ",;q", "")),
    *(("Content-Encoding", said) for said in ("gzip", "identity", "br, gzip")),
    *(("Origin", said) for said in ("null", "https://evil.example", "x")),
    *(("Sec-Fetch-Site", said) for said in ("cross-site", "same-origin", "x")),
    *(("Authorization", said) for said in ("Bearer", "Basic x", "Bearer a.b.c", "Bearer bk_x")),
    *(("X-Forwarded-For", said) for said in ("x", "::1, 1.2.3.4", "1" * 500)),
)
_HEADERS = st.builds(
    lambda media_type, odd: {"Content-Type": media_type, **dict(odd)},
    st.sampled_from(_TYPES),
    st.lists(st.sampled_from(_ODD_HEADERS), max_size=2),
)
_PATHS = (
    *("/graphql",) * 6,
    *("/graphql?query=%7b__typename%7d", "/graphql?query=%ff", "/graphql?query=a&query=b"),
    *("/graphql?variables=1", "/", "/graphql/x", "/health/ready", "/metrics"),
)
_METHODS = (*("POST",) * 8, "GET", "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "BREW")
REQUESTS = st.builds(
    Request,
    st.sampled_from(ROLES),
    st.sampled_from(_METHODS),
    st.sampled_from(_PATHS),
    _HEADERS,
    _BODIES,
)


def ask(port: int, known: dict[str, str], request: Request) -> Answer:
    """The answer to a request that HTTP allows, whatever it asks."""
    line = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        headers = {**known, **request.headers}
        line.request(request.method, request.path, request.body, headers)
        return read(line.getresponse())
    finally:
        line.close()


def octets(dice: Random) -> bytes:
    """Some bytes that begin like a request, perhaps."""
    lines = [dice.choice(LINES) for _ in range(dice.randrange(12))]
    if dice.random() < 0.3:
        lines.insert(dice.randrange(len(lines) + 1), dice.randbytes(dice.randrange(30)))
    if dice.random() < 0.1:
        lines.append(dice.choice(ODD).encode("utf-8", "surrogatepass"))
    return b"\r\n".join(lines)


def exchange(port: int, said: bytes) -> list[int]:
    """The statuses of all answers to the bytes."""
    heard = b""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), PATIENCE) as line:
        line.sendall(said)
        line.shutdown(socket.SHUT_WR)
        line.settimeout(0.5)
        while part := line.recv(65_536):
            heard += part
    return [int(status) for status in _STATUS.findall(heard)]
