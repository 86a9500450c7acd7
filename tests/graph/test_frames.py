"""Frames of any shape: the socket answers or closes by its protocol, and the log stays quiet."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from rules.inbox import cursor
from tests.graph.conftest import OWN, PATIENCE, Edge, hear

SUBSCRIBE: dict[str, Any] = {"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }"}}
LONGEST = 1024 * 1024

WRONG: dict[str, str | bytes] = {
    "a list": "[]",
    "null": "null",
    "a number": "1",
    "an object without a type": "{}",
    "a type that is no text": '{"type": 1}',
    "an unknown type": '{"type": "start"}',
    "a long unknown type": json.dumps({"type": "type " * 1_000}),
    "no JSON": "hello",
    "nothing": "",
    "NaN": '{"type": "ping", "payload": NaN}',
    "a number beyond a float": '{"type": "ping", "payload": 1e400}',
    "a number of 5,000 digits": '{"type": "ping", "payload": ' + "9" * 5_000 + "}",
    "half a surrogate pair": '{"type": "ping", "payload": "\\ud800"}',
    "lists nested deeply": "[" * 100_000,
    "objects nested deeply": '{"type":' * 100_000,
    "binary": b"\x00\x01",
    "JSON in a binary frame": b'{"type": "ping"}',
    "a greeting of the wrong shape": '{"type": "connection_init", "payload": []}',
    "complete without an id": '{"type": "complete"}',
    "complete with a list for its id": '{"type": "complete", "id": []}',
}
WRONG_SUBSCRIBE: dict[str, dict[str, Any]] = {
    "no text for its id": {"id": 1},
    "an empty id": {"id": ""},
    "no payload": {"payload": None},
    "a list for its payload": {"payload": []},
    "no query": {"payload": {}},
    "a list for its query": {"payload": {"query": []}},
    "a list for its variables": {"payload": {"query": "{ a }", "variables": []}},
    "a number for its name": {"payload": {"query": "{ a }", "operationName": 1}},
}
WRONG |= {
    f"subscribe with {what}": json.dumps({**SUBSCRIBE, **fields})
    for what, fields in WRONG_SUBSCRIBE.items()
}


async def closing_code(line: ClientConnection) -> int | None:
    """The code that the socket is closed with; None if it still answers a ping."""
    try:
        async with asyncio.timeout(PATIENCE):
            await line.send('{"type": "ping"}')
            while json.loads(await line.recv())["type"] != "pong":
                pass
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 0
    return None


@pytest.mark.parametrize("frame", WRONG.values(), ids=WRONG.keys())
async def test_a_frame_that_is_no_message_is_closed_with_4400(
    edge: Edge, frame: str | bytes
) -> None:
    async with edge.socket() as line:
        await line.send(frame)
        assert await closing_code(line) == 4400


async def test_a_text_frame_that_is_not_utf_8_is_closed_with_1007(edge: Edge) -> None:
    async with edge.socket() as line:
        await line.send(b'{"type": "\xff"}', text=True)
        assert await closing_code(line) == 1007


async def test_a_frame_over_the_limit_is_closed_with_1009(edge: Edge) -> None:
    async with edge.socket() as line:
        await line.send(" " * (LONGEST + 1))
        # The kernel may reset the connection before the close frame is read.
        assert await closing_code(line) in (1009, 0)


async def test_messages_that_need_no_answer_get_none(edge: Edge) -> None:
    async with edge.socket() as line:
        for message in ({"type": "pong"}, {"type": "complete", "id": "unknown"}):
            await line.send(json.dumps(message))
        assert await closing_code(line) is None


TEXTS = st.text(st.characters(codec="utf-8"), max_size=200)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
KINDS = ("connection_init", "subscribe", "complete", "ping", "pong", "next", "error")
QUERIES = (
    "{ __typename }",
    "{ nope }",
    "query A { __typename } query B { kinds { key } }",
    f'subscription {{ inboxEvents(userId: "{OWN}") {{ cursor }} }}',
    "query ($n: Int!, $t: String) { clients(first: $n, after: $t) { totalCount } }",
)
PAYLOADS = st.fixed_dictionaries(
    {"query": st.sampled_from(QUERIES) | TEXTS},
    optional={
        "variables": st.dictionaries(st.sampled_from("nt"), ANY_JSON) | ANY_JSON,
        "operationName": st.sampled_from("AB") | ANY_JSON,
        "extensions": ANY_JSON,
    },
)
MESSAGES = st.fixed_dictionaries(
    {"type": st.sampled_from(KINDS)},
    optional={"id": st.sampled_from("12") | ANY_JSON, "payload": PAYLOADS | ANY_JSON},
)
FRAMES: st.SearchStrategy[str | bytes] = (
    MESSAGES.map(json.dumps)
    | ANY_JSON.map(json.dumps)
    | ANY_JSON.map(lambda said: json.dumps(said, ensure_ascii=False))
    | TEXTS
    | st.binary(max_size=200)
)


@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(frames=st.lists(FRAMES, min_size=1, max_size=5))
async def test_no_frames_disturb_the_api_or_another_socket(
    edge: Edge, frames: list[str | bytes]
) -> None:
    async with edge.socket() as line:
        for frame in frames:
            try:
                await line.send(frame)
            except ConnectionClosed:
                break
        assert await closing_code(line) in (None, 4400, 4409, 4429)


async def test_a_subscription_hears_its_events_beside_all_that(edge: Edge, user_id: str) -> None:
    query = """subscription ($user: ID!, $after: String) {
        inboxEvents(userId: $user, after: $after) { __typename unread } }"""
    variables = {"user": user_id, "after": cursor(user_id, 0)}
    payload = {"query": query, "variables": variables}
    async with edge.socket() as line:
        await line.send(json.dumps({**SUBSCRIBE, "payload": payload}))
        for number, frame in enumerate(WRONG.values(), 1):
            async with edge.socket() as other:
                await other.send(frame)
                assert await closing_code(other) == 4400
            await edge.data(
                """mutation ($user: ID!) {
                    createNotification(input: {userId: $user, key: "new_post"}) { unread } }""",
                {"user": user_id},
            )
            event = (await hear(line))["payload"]["data"]["inboxEvents"]
            assert event == {"__typename": "NotificationCreated", "unread": number}
