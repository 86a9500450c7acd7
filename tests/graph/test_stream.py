"""Server-Sent Events by the protocol of graphql-sse, in its distinct connections mode.

https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
"""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from graph.accept import LEGACY, MODERN, STREAM
from graph.streams import MOST_OF_ONE
from tests.graph.conftest import PATIENCE, Edge, token
from tests.graph.streams import CREATE, EVENTS, Events, all_of, streaming

COMPLETE = ("complete", None)


async def test_a_query_by_stream_is_one_result_and_its_end(edge: Edge) -> None:
    async with streaming(edge, "{ __typename }") as events:
        assert await events.all() == [("next", {"data": {"__typename": "Query"}}), COMPLETE]


async def test_a_mutation_by_stream_is_done_once(edge: Edge, user_id: str) -> None:
    async with streaming(edge, CREATE, user=user_id) as events:
        (name, said), end = await events.all()  # type: ignore[misc] # none of them is the end
    assert (name, "errors" in said, end) == ("next", False, COMPLETE)
    inbox = await edge.data(
        "query ($user: ID!) { inbox(userId: $user) { total } }", all_of(user_id)
    )
    assert inbox["inbox"]["total"] == 1


async def test_a_subscription_hears_what_was_and_what_comes(edge: Edge, user_id: str) -> None:
    await edge.data(CREATE, {"user": user_id})
    async with streaming(edge, EVENTS, **all_of(user_id)) as events:
        for unread in (1, 2, 3):
            event = await events.next()
            assert event is not None
            assert event[1]["data"]["inboxEvents"]["unread"] == unread
            await edge.data(CREATE, {"user": user_id})


async def test_a_subscription_may_come_by_get(edge: Edge, user_id: str) -> None:
    params = {"query": EVENTS, "variables": json.dumps(all_of(user_id))}
    headers = {"Accept": STREAM, "Authorization": f"Bearer {token('subscriber', user_id)}"}
    async with edge.http.get("/graphql", params=params, headers=headers) as response:
        assert (response.status, response.headers["cache-control"]) == (200, "no-store")
        await edge.data(CREATE, {"user": user_id})
        event = await Events(response).next()
        assert event is not None
        assert event[0] == "next"


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{ nope }", {}, "BAD_USER_INPUT"),
        ("{", {}, "BAD_USER_INPUT"),
        ("subscription {", {}, "BAD_USER_INPUT"),
        ("subscription { nope }", {}, "BAD_USER_INPUT"),
        (EVENTS, {}, "BAD_USER_INPUT"),
        (EVENTS, {"user": "me"}, "BAD_USER_INPUT"),
        (EVENTS, {"user": "MINE", "after": "then"}, "BAD_USER_INPUT"),
        (EVENTS, {"user": "5f0c3a1b2c3d4e5f6a7b8c91"}, "FORBIDDEN"),
    ],
)
async def test_an_operation_that_fails_says_so_by_an_event_and_ends(
    edge: Edge, user_id: str, query: str, variables: dict[str, str], code: str
) -> None:
    said = {name: value.replace("MINE", user_id) for name, value in variables.items()}
    async with streaming(edge, query, bearer=token("subscriber", user_id), **said) as events:
        (name, answer), end = await events.all()  # type: ignore[misc] # none of them is the end
    assert (name, answer["errors"][0]["extensions"]["code"], end) == ("next", code, COMPLETE)


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"data": b"1"}, 400),
        ({"data": b"{}", "headers": {"Content-Type": "text/plain"}}, 415),
        ({"json": {"query": "{ a }"}, "headers": {"Authorization": "Bearer false"}}, 401),
        ({"json": {"query": "{ a }"}, "headers": {"Sec-Fetch-Site": "cross-site"}}, 403),
    ],
)
async def test_a_request_that_is_no_operation_is_refused_in_json(
    edge: Edge, options: dict[str, Any], status: int
) -> None:
    headers = {"Accept": STREAM, "Content-Type": LEGACY, **options.pop("headers", {})}
    async with edge.http.post("/graphql", headers=headers, **options) as response:
        assert (response.status, response.content_type) == (status, LEGACY)
        assert (await response.json())["errors"]


async def test_a_mutation_by_get_is_refused_before_the_stream(edge: Edge) -> None:
    headers = {"Accept": STREAM}
    async with edge.http.get("/graphql", params={"query": CREATE}, headers=headers) as response:
        assert (response.status, response.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("accept", "query_in", "subscription_in"),
    [
        (STREAM, STREAM, STREAM),
        (f"{MODERN}, {LEGACY}, {STREAM}, multipart/mixed", MODERN, STREAM),
        (f"{LEGACY};q=0.5, {STREAM}", STREAM, STREAM),
        (f"{STREAM};q=0.1, */*", LEGACY, STREAM),
        ("*/*", LEGACY, None),
        (f"{STREAM};q=0, */*", LEGACY, None),
    ],
)
async def test_who_reads_both_gets_json_for_a_result_and_a_stream_for_a_subscription(
    edge: Edge, user_id: str, accept: str, query_in: str, subscription_in: str | None
) -> None:
    headers = {"Accept": accept, "Authorization": f"Bearer {token('admin')}"}
    query = {"query": "{ __typename }"}
    async with edge.http.post("/graphql", json=query, headers=headers) as response:
        assert (response.status, response.content_type) == (200, query_in)
    subscription = {"query": EVENTS, "variables": {"user": user_id}}
    async with edge.http.post("/graphql", json=subscription, headers=headers) as response:
        found = response.content_type if response.status == 200 else None
        assert found == subscription_in


async def test_a_token_that_ends_ends_the_stream_without_complete(edge: Edge, user_id: str) -> None:
    # Clocks may differ by 10 s, so this one has a second and a half to go.
    ending = token("admin", seconds=-8.5)
    async with streaming(edge, EVENTS, bearer=ending, **all_of(user_id)) as events:
        await edge.data(CREATE, {"user": user_id})
        assert [event and event[0] for event in await events.all()] == ["next"]
    async with streaming(edge, EVENTS, **all_of(user_id)) as events:
        assert await events.next() is not None


async def test_a_caller_has_room_for_so_many_streams(edge: Edge, user_id: str) -> None:
    bearer = token("subscriber", user_id)
    headers = {"Accept": STREAM, "Authorization": f"Bearer {bearer}"}
    body = {"query": EVENTS, "variables": all_of(user_id)}
    async with aiohttp.ClientSession(
        edge.address, connector=aiohttp.TCPConnector(limit=0)
    ) as session:
        asking = (session.post("/graphql", json=body, headers=headers) for _ in range(MOST_OF_ONE))
        opened = await asyncio.gather(*asking)
        assert {response.status for response in opened} == {200}
        async with session.post("/graphql", json=body, headers=headers) as refused:
            assert (refused.status, refused.content_type) == (429, LEGACY)
            assert int(refused.headers["retry-after"]) > 0
            (error,) = (await refused.json())["errors"]
            assert error["extensions"]["code"] == "RATE_LIMITED"
        async with streaming(edge, EVENTS, **all_of(user_id)) as another:
            await edge.data(CREATE, {"user": user_id})
            assert await another.next() is not None
        for response in opened:
            assert await Events(response).next() is not None
            response.close()
        async with asyncio.timeout(PATIENCE):
            while True:  # until the API has seen that they left
                async with session.post("/graphql", json=body, headers=headers) as again:
                    if again.status == 200:
                        break
