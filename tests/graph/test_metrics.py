"""The API's own numbers: what was asked for, how it ended, and what is under way (M21)."""

import asyncio
from collections.abc import Mapping
from typing import TypeAlias

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.graph.conftest import PATIENCE, Edge, hear
from tests.graph.streams import CREATE, EVENTS, all_of, streaming
from tests.graph.test_socket import follow, say, subscribe

Sample: TypeAlias = tuple[str, frozenset[tuple[str, str]]]
Samples: TypeAlias = dict[Sample, float]

INBOX = "query ($user: ID!) { inbox(userId: $user) { total } }"


async def scrape(edge: Edge) -> Samples:
    address = f"http://127.0.0.1:{edge.metrics_port}/metrics"
    async with aiohttp.ClientSession() as http, http.get(address) as response:
        families = text_string_to_metric_families(await response.text())
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def operation(transport: str, kind: str, field: str, code: str = "OK") -> Sample:
    labels = {"transport": transport, "kind": kind, "field": field, "code": code}
    return "belfry_operations_total", frozenset(labels.items())


async def until_grown(edge: Edge, before: Samples, wanted: Mapping[Sample, float]) -> None:
    """Wait until these numbers have grown by as much: an end may be noted after its answer."""
    grown: dict[Sample, float] = {}
    try:
        async with asyncio.timeout(PATIENCE):
            while grown != dict(wanted):
                await asyncio.sleep(0.02)
                now = await scrape(edge)
                grown = {name: now.get(name, 0.0) - before.get(name, 0.0) for name in wanted}
    except TimeoutError:
        assert grown == dict(wanted)


async def test_operations_are_counted_by_what_they_ask_for_and_how_they_end(
    edge: Edge, user_id: str
) -> None:
    before = await scrape(edge)
    await edge.data(INBOX, {"user": user_id})
    await edge.data("query MyOwnName { a: __typename ...F } fragment F on Query { __typename }")
    await edge.data("{ kinds { key } __typename }")
    await edge.data(CREATE, {"user": user_id})
    await edge.ask(INBOX, {"user": user_id}, role=None)
    async with edge.http.post("/graphql", json={"query": "{ nothingLikeIt }"}) as response:
        await response.read()
    async with edge.http.post("/graphql", data=b"no json") as response:
        assert response.status == 415
    await until_grown(
        edge,
        before,
        {
            operation("http", "query", "inbox"): 1,
            operation("http", "query", "__typename"): 1,
            operation("http", "query", "several"): 1,
            operation("http", "mutation", "createNotification"): 1,
            operation("http", "query", "inbox", "UNAUTHENTICATED"): 1,
            operation("http", "unknown", "unknown", "BAD_USER_INPUT"): 1,
            operation("http", "unknown", "unknown", "BAD_REQUEST"): 1,
            ("belfry_notifications_total", frozenset({("key", "new_post")})): 1,
        },
    )


async def test_mistakes_of_an_input_are_counted_by_their_code(edge: Edge) -> None:
    before = await scrape(edge)
    await edge.data("""mutation { createNotification(input: {userId: "x", key: "y"}) {
        errors { code } } }""")
    refused = {"field": "createNotification", "code": "INVALID"}
    await until_grown(
        edge,
        before,
        {
            ("belfry_input_errors_total", frozenset(refused.items())): 1,
            operation("http", "mutation", "createNotification"): 1,
        },
    )


def subscriptions(field: str) -> Sample:
    return "belfry_subscriptions", frozenset({("field", field)})


SOCKETS: Sample = ("belfry_sockets", frozenset())
EVENTS_SENT: Sample = ("belfry_event_seconds_count", frozenset())


async def test_a_subscription_is_counted_while_it_lasts_and_its_events_are_timed(
    edge: Edge, user_id: str
) -> None:
    before = await scrape(edge)
    async with edge.socket() as line:
        await follow(line, "1", user_id)
        await until_grown(edge, before, {SOCKETS: 1, subscriptions("inboxEvents"): 1})
        await edge.data(CREATE, {"user": user_id})
        assert (await hear(line))["type"] == "next"
        await until_grown(edge, before, {EVENTS_SENT: 1})
        await subscribe(line, "2", "{ __typename }")
        assert (await hear(line))["type"] == "next"
        await say(line, "complete", id="1")
        await until_grown(edge, before, {SOCKETS: 1, subscriptions("inboxEvents"): 0})
    await until_grown(
        edge,
        before,
        {
            SOCKETS: 0,
            operation("socket", "subscription", "inboxEvents"): 1,
            operation("socket", "query", "__typename"): 1,
        },
    )


async def test_a_subscription_over_a_stream_is_counted_likewise(edge: Edge, user_id: str) -> None:
    before = await scrape(edge)
    async with streaming(edge, EVENTS, **all_of(user_id)):
        await until_grown(edge, before, {subscriptions("inboxEvents"): 1})
    ended = operation("stream", "subscription", "inboxEvents")
    await until_grown(edge, before, {subscriptions("inboxEvents"): 0, ended: 1})


async def test_a_refused_subscription_is_none(edge: Edge, user_id: str) -> None:
    before = await scrape(edge)
    async with edge.socket(role=None) as line:
        await follow(line, "1", user_id)
        assert (await hear(line))["type"] == "error"
    refused = operation("socket", "subscription", "inboxEvents", "UNAUTHENTICATED")
    await until_grown(edge, before, {refused: 1, subscriptions("inboxEvents"): 0})


@pytest.mark.parametrize("store", ["mongodb", "redis"])
async def test_the_pools_tell_what_they_hold(edge: Edge, store: str) -> None:
    await edge.data("{ kinds { key } }")
    held = 0.0
    async with asyncio.timeout(PATIENCE):
        while not held:
            await asyncio.sleep(0.02)
            found = (await scrape(edge)).items()
            held = sum(
                value
                for (name, labels), value in found
                if name == "belfry_connections" and ("store", store) in labels
            )
