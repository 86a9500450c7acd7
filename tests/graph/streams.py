"""Streams of Server-Sent Events as a client reads them, without a library that knows the protocol."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from graph.accept import STREAM
from rules.inbox import cursor
from tests.graph.conftest import PATIENCE, Edge, token

EVENTS = """subscription ($user: ID!, $after: String) {
    inboxEvents(userId: $user, after: $after) { cursor unread } }"""
CREATE = """mutation ($user: ID!, $data: JSON) {
    createNotification(input: {userId: $user, key: "new_post", data: $data}) { unread } }"""


class Events:
    """What a client reads from its stream."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def next(self) -> tuple[str, Any] | None:
        """The next event's name and data; None at the end of the stream."""
        name = data = ""
        async with asyncio.timeout(PATIENCE):
            async for line in self.response.content:
                field, _, value = line.decode().rstrip("\n").partition(":")
                match field:
                    case "event":
                        name = value.strip()
                    case "data":
                        data = value.strip()
                    case "" if name:
                        return name, json.loads(data) if data else None
                    case _:
                        assert line in (b":\n", b"\n")  # a sign of life
        return None

    async def all(self) -> list[tuple[str, Any] | None]:
        """Every event until the stream ends."""
        found = []
        while (event := await self.next()) is not None:
            found.append(event)
        return [*found]


@asynccontextmanager
async def streaming(
    edge: Edge, query: str, *, bearer: str | None = None, accept: str = STREAM, **variables: Any
) -> AsyncIterator[Events]:
    """A stream that was let in."""
    headers = {"Accept": accept, "Authorization": f"Bearer {bearer or token('admin')}"}
    body = {"query": query, "variables": variables}
    async with edge.http.post("/graphql", json=body, headers=headers) as response:
        assert (response.status, response.content_type) == (200, STREAM), await response.text()
        yield Events(response)


def all_of(user_id: str) -> dict[str, str]:
    """Variables that ask for all that ever happened to a user."""
    return {"user": user_id, "after": cursor(user_id, 0)}
