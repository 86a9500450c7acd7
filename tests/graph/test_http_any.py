"""Whatever comes by HTTP: a request of any shape has its answer, and the log stays quiet."""

import asyncio
import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.accept import LEGACY, MODERN, STREAM, choose
from tests.graph.conftest import Edge
from tests.graph.http import ADMIN, connect, send

SHARED = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=20,
)
REQUESTS = st.fixed_dictionaries(
    {},
    optional={
        "query": st.sampled_from(
            ["{ __typename }", "query ($a: JSON) { __typename }", "{ kinds { key } }", "", "{"]
        )
        | VALUES,
        "variables": st.dictionaries(st.sampled_from(["a", "b"]), VALUES) | VALUES,
        "operationName": st.sampled_from(["", "A"]) | VALUES,
        "extensions": st.just({"persistedQuery": {"version": 1}}) | VALUES,
        "documentId": VALUES,
    },
)
LINES = st.sampled_from(
    [
        *(
            b"POST /graphql HTTP/1.1",
            b"GET /graphql?query={__typename} HTTP/1.1",
            b"PRI * HTTP/2.0",
        ),
        *(b"Host: a", b"Content-Length: 2", b"Content-Length: 0", b"Transfer-Encoding: chunked"),
        *(b"Content-Type: application/json", b"Upgrade: websocket", b"Connection: upgrade"),
        *(b"Connection: close", b"Expect: 100-continue", b"Accept: text/event-stream"),
        *(b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", b"Sec-WebSocket-Version: 13"),
        *(b"", b"{}", b"2", b"0", b"\xff\xfe", b" folded", b": nameless"),
    ]
)


@given(st.lists(st.text() | st.sampled_from([LEGACY, MODERN, STREAM, "*/*", ";q=0.5", ","])))
def test_any_accept_header_leads_to_a_choice(lines: list[str]) -> None:
    choice = choose(lines)
    assert choice.media_type in ("", LEGACY, MODERN, STREAM)
    assert choice.json in (LEGACY, MODERN)


@SHARED
@given(st.binary() | REQUESTS.map(lambda said: json.dumps(said).encode()))
async def test_any_body_is_answered_or_refused(edge: Edge, body: bytes) -> None:
    status, _, answer = await send(edge, data=body, headers=ADMIN)
    assert status in (200, 400)
    assert ("data" in answer) or answer["errors"]
    assert "INTERNAL" not in json.dumps(answer)


@SHARED
@given(
    st.dictionaries(
        st.sampled_from(["query", "variables", "operationName", "extensions", "documentId", "x"]),
        st.text(st.characters(codec="utf-8")) | st.sampled_from(["{__typename}", "{}", "null"]),
    )
)
async def test_any_parameters_are_answered_or_refused(edge: Edge, params: dict[str, str]) -> None:
    status, _, answer = await send(edge, "GET", params=params, headers=ADMIN)
    assert status in (200, 400)
    assert "INTERNAL" not in json.dumps(answer)


@SHARED
@given(st.lists(LINES | st.binary(max_size=20), max_size=12))
async def test_any_bytes_leave_the_api_as_it_was(edge: Edge, lines: list[bytes]) -> None:
    _, writer = await connect(edge)
    writer.write(b"\r\n".join(lines))
    await writer.drain()
    writer.close()
    async with asyncio.timeout(30):
        assert (await send(edge, data=b'{"query": "{ __typename }"}'))[0] == 200
