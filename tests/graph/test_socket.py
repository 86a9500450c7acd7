"""graphql-transport-ws: what its specification asks, and that sockets outlive mistakes.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from core.settings import Settings
from graph.socket import INIT_SECONDS
from rules.inbox import cursor
from tests.graph.conftest import OWN, PATIENCE, Edge, hear, token

EVENTS = """subscription ($user: ID!, $after: String) {
    inboxEvents(userId: $user, after: $after) { cursor unread } }"""
MOST_OPERATIONS: int = Settings.model_fields["socket_operations"].default
CREATE = """mutation ($user: ID!) {
    createNotification(input: {userId: $user, key: "new_post"}) { notification { cursor } } }"""


async def say(line: ClientConnection, kind: str, **fields: Any) -> None:
    await line.send(json.dumps({"type": kind, **fields}))


async def subscribe(line: ClientConnection, name: str, query: str, **payload: Any) -> None:
    await say(line, "subscribe", id=name, payload={"query": query, **payload})


async def follow(line: ClientConnection, name: str, user_id: str) -> None:
    """Subscribe to all that ever happens to a user."""
    await subscribe(line, name, EVENTS, variables={"user": user_id, "after": cursor(user_id, 0)})


async def closing(line: ClientConnection) -> tuple[int, str]:
    """The code and reason that the API closes with, whatever it says before."""
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                await line.recv()
    except ConnectionClosed as closed:
        # Without a close frame the connection was just cut.
        return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (0, "cut")


@pytest.mark.parametrize("spoken", [None, ["graphql-ws"], ["mqtt", "soap"]])
async def test_another_subprotocol_is_closed_with_4406(
    edge: Edge, spoken: list[str] | None
) -> None:
    protocols = None if spoken is None else [Subprotocol(name) for name in spoken]
    address = edge.address.replace("http", "ws") + "/graphql"
    async with connect(address, subprotocols=protocols) as line:
        assert line.subprotocol is None
        assert (await closing(line))[0] == 4406


async def test_a_socket_without_connection_init_is_closed_with_4408(edge: Edge) -> None:
    assert INIT_SECONDS == 5
    async with edge.socket(init=False) as mute, edge.socket() as greeted:
        assert (await closing(mute))[0] == 4408
        await say(greeted, "ping")
        assert (await hear(greeted))["type"] == "pong"


async def test_a_second_connection_init_is_closed_with_4429(edge: Edge) -> None:
    async with edge.socket() as line:
        await say(line, "connection_init")
        assert (await closing(line))[0] == 4429


async def test_an_operation_before_connection_init_is_closed_with_4401(edge: Edge) -> None:
    async with edge.socket(init=False) as line:
        await subscribe(line, "1", "{ __typename }")
        assert (await closing(line))[0] == 4401


@pytest.mark.parametrize("name", ["1", "long" * 1_000])
async def test_a_second_operation_of_one_id_is_closed_with_4409(
    edge: Edge, user_id: str, name: str
) -> None:
    async with edge.socket() as line:
        await follow(line, name, user_id)
        await follow(line, name, user_id)
        assert (await closing(line))[0] == 4409


async def test_an_id_is_free_again_after_its_operation(edge: Edge) -> None:
    async with edge.socket() as line:
        for _ in range(3):
            await subscribe(line, "1", "{ __typename }")
            assert (await hear(line))["payload"] == {"data": {"__typename": "Query"}}
            assert await hear(line) == {"id": "1", "type": "complete"}


async def test_connection_init_may_have_a_null_payload(edge: Edge) -> None:
    async with edge.socket(init=False) as line:
        await say(line, "connection_init", payload=None)
        assert (await hear(line))["type"] == "connection_ack"


@pytest.mark.parametrize("payload", [{}, {"n": 1}, {"n": 10**40, "t": "\u00e9"}])
async def test_a_pong_gives_the_payload_of_its_ping_back(
    edge: Edge, payload: dict[str, Any]
) -> None:
    async with edge.socket(init=False) as line:
        await say(line, "ping")
        assert await hear(line) == {"type": "pong"}
        await say(line, "ping", payload=payload)
        assert await hear(line) == {"type": "pong", "payload": payload}
        await say(line, "pong", payload=payload)
        await line.ping("a ping of RFC 6455")
        await say(line, "connection_init")
        assert (await hear(line))["type"] == "connection_ack"


async def test_a_bad_token_is_closed_with_4403(edge: Edge) -> None:
    async with edge.socket(init=False) as line:
        await say(line, "connection_init", payload={"authorization": "Bearer of bad news"})
        assert await closing(line) == (4403, "Forbidden")


async def test_a_mutation_that_has_begun_comes_to_its_end_whoever_leaves(
    edge: Edge, user_id: str
) -> None:
    async def begin(line: ClientConnection) -> None:
        await subscribe(line, "1", CREATE, variables={"user": user_id})
        await say(line, "ping")
        while (await hear(line))["type"] != "pong":
            pass

    async with edge.socket() as line, edge.socket() as bell:
        await follow(bell, "bell", user_id)
        await begin(line)
        await say(line, "complete", id="1")
        await begin(line)
        line.transport.abort()
        unread = [(await hear(bell))["payload"]["data"]["inboxEvents"]["unread"] for _ in "12"]
        assert unread[-1] == 2  # the first may be told after both have come


async def test_a_token_may_come_by_the_header_of_the_handshake(edge: Edge) -> None:
    address = edge.address.replace("http", "ws") + "/graphql"
    headers = {"Authorization": f"Bearer {token('sender')}"}
    protocols = [Subprotocol("graphql-transport-ws")]
    async with connect(address, subprotocols=protocols, additional_headers=headers) as line:
        await say(line, "connection_init")
        await hear(line)
        await subscribe(line, "1", "{ kinds { key } }")
        assert "errors" not in (await hear(line))["payload"]


async def test_a_token_that_ends_closes_the_socket_with_4403(edge: Edge, user_id: str) -> None:
    # Clocks may differ by 10 s, so this one has a second and a half to go.
    ending = token("admin", seconds=-8.5)
    async with edge.socket(bearer=ending) as line, edge.socket() as other:
        await follow(line, "1", user_id)
        end = asyncio.create_task(closing(line))
        while not end.done():  # events are on their way while it closes
            await edge.data(CREATE, {"user": user_id})
        assert await end == (4403, "the token has ended")
        await say(other, "ping")
        assert (await hear(other))["type"] == "pong"


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"query": "{ nope }"}, "BAD_USER_INPUT"),
        ({"query": "{"}, "BAD_USER_INPUT"),
        ({"query": ""}, "BAD_USER_INPUT"),
        ({"query": "{ a" * 2_000}, "BAD_USER_INPUT"),
        ({"query": "query A { __typename }", "operationName": "B" * 500}, "BAD_USER_INPUT"),
        ({"query": "query A { __typename } query B { __typename }"}, "BAD_USER_INPUT"),
        ({"query": "fragment A on Query { __typename }"}, "BAD_USER_INPUT"),
        ({"query": EVENTS}, "BAD_USER_INPUT"),
        ({"query": EVENTS, "variables": {"user": "me"}}, "BAD_USER_INPUT"),
        ({"query": EVENTS, "variables": {"user": "MINE", "after": "then"}}, "BAD_USER_INPUT"),
        ({"query": EVENTS, "variables": {"user": OWN}}, "FORBIDDEN"),
        ({"query": "{ statistics { total } }"}, "FORBIDDEN"),
    ],
)
async def test_an_operation_that_fails_leaves_its_siblings_alone(
    edge: Edge, user_id: str, payload: dict[str, Any], code: str
) -> None:
    async with edge.socket(bearer=token("subscriber", user_id)) as line:
        await follow(line, "sibling", user_id)
        payload = json.loads(json.dumps(payload).replace("MINE", user_id))
        await say(line, "subscribe", id="wrong", payload=payload)
        answer = await hear(line)
        said = answer["payload"]
        errors = said["errors"] if answer["type"] == "next" else said
        assert (answer["id"], errors[0]["extensions"]["code"]) == ("wrong", code)
        if answer["type"] == "next":
            assert await hear(line) == {"id": "wrong", "type": "complete"}
        await edge.data(CREATE, {"user": user_id})
        event = await hear(line)
        assert (event["id"], event["type"]) == ("sibling", "next")


async def test_completed_operations_say_nothing_more(edge: Edge, user_id: str) -> None:
    async with edge.socket() as line:
        for name in ("stays", "goes"):
            await follow(line, name, user_id)
        await edge.data(CREATE, {"user": user_id})
        assert {(await hear(line))["id"] for _ in range(2)} == {"stays", "goes"}
        await say(line, "complete", id="goes")
        await say(line, "ping")
        assert (await hear(line))["type"] == "pong"
        for _ in range(2):
            await edge.data(CREATE, {"user": user_id})
            assert (await hear(line))["id"] == "stays"


async def test_a_socket_has_room_for_so_many_operations_and_says_so(
    edge: Edge, user_id: str
) -> None:
    async with edge.socket() as line:
        for number in range(MOST_OPERATIONS + 1):
            await follow(line, str(number), user_id)
        answer = await hear(line)
        assert (answer["type"], answer["id"]) == ("error", str(MOST_OPERATIONS))
        assert answer["payload"][0]["extensions"]["code"] == "TOO_MANY_OPERATIONS"
        await say(line, "complete", id="0")
        await follow(line, "in its place", user_id)
        await edge.data(CREATE, {"user": user_id})
        heard = {(await hear(line))["id"] for _ in range(MOST_OPERATIONS)}
        assert heard == {"in its place", *map(str, range(1, MOST_OPERATIONS))}


async def test_clients_that_are_cut_off_in_a_flood_of_events_are_no_error(
    edge: Edge, user_id: str
) -> None:
    async def cut_off() -> None:
        async with edge.socket() as line:
            for number in range(20):
                await follow(line, str(number), user_id)
            await hear(line)
            line.transport.abort()

    cuts = asyncio.gather(*(cut_off() for _ in range(20)))
    while not cuts.done():
        await edge.data(CREATE, {"user": user_id})
    await cuts
    # Whatever happens to what was left of the operations happens before this answer.
    await edge.data(CREATE, {"user": user_id})
