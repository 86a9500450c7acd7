"""Subscribers as front ends are: one by gql, one by the npm client graphql-ws."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from gql import Client, GraphQLRequest
from gql.transport.exceptions import TransportError
from gql.transport.websockets import WebsocketsTransport

from tests import node
from tests.journeys.conftest import House, eventually

EVENTS = """subscription ($user: ID!, $after: String) {
  inboxEvents(userId: $user, after: $after) {
    __typename cursor unread replayed
    ... on NotificationCreated { notification { data } }
    ... on NotificationsRead { notifications { data } }
  }
}"""


class Bell:
    """One subscriber and all that it has heard; it comes back after the last cursor it got."""

    def __init__(self, house: House, user: str, after: str | None = None) -> None:
        self.events: list[dict[str, Any]] = []
        self._house = house
        self._user = user
        self._after = after

    @asynccontextmanager
    async def listening(self, port: int) -> AsyncIterator[None]:
        """Hear what an API tells, connecting again whenever the connection is lost."""
        listener = asyncio.create_task(self._listen(port))
        try:
            yield
        finally:
            listener.cancel()
            with suppress(asyncio.CancelledError):
                await listener

    async def heard(self, count: int) -> list[dict[str, Any]]:
        """All events, once there are so many."""

        async def enough() -> bool:
            return len(self.events) >= count

        await eventually(enough)
        return self.events

    @property
    def numbers(self) -> list[int]:
        """The numbers of the notifications that came in."""
        created = (event for event in self.events if event["__typename"] == "NotificationCreated")
        return [event["notification"]["data"]["number"] for event in created]

    async def _listen(self, port: int) -> None:
        while True:
            with suppress(TransportError, OSError):
                await self._follow(port)
            await asyncio.sleep(0.05)

    async def _follow(self, port: int) -> None:
        transport = WebsocketsTransport(
            f"ws://127.0.0.1:{port}/graphql",
            init_payload={"authorization": f"Bearer {self._house.token('subscriber', self._user)}"},
        )
        request = GraphQLRequest(EVENTS, variable_values={"user": self._user, "after": self._after})
        async with Client(transport=transport) as session:
            async for result in session.subscribe(request):
                self.events.append(result["inboxEvents"])
                self._after = result["inboxEvents"]["cursor"]


class Page:
    """A front end with the npm client graphql-ws, which connects again by itself."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.numbers: list[int] = []
        """The numbers that came in; a new connection goes on after the last cursor."""
        self.connections = 0
        self._process = process

    @classmethod
    @asynccontextmanager
    async def open(cls, house: House, user: str, after: str, port: int) -> AsyncIterator["Page"]:
        """A page that follows a user's inbox on an API."""
        address = f"ws://127.0.0.1:{port}/graphql"
        variables = json.dumps({"user": user, "after": after})
        process = await asyncio.create_subprocess_exec(
            *node.command("subscribe.mjs", "--retries", "1000", address, EVENTS, variables),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "BELFRY_TOKEN": house.token("subscriber", user)},
        )
        page = cls(process)
        readers = asyncio.gather(page._events(), page._sockets())
        try:
            yield page
        finally:
            with suppress(ProcessLookupError):  # it may have ended by itself, and said why
                process.terminate()
            await process.wait()
            await readers

    async def heard(self, number: int) -> None:
        """Wait until this number has come in."""

        async def came() -> bool:
            return number in self.numbers

        await eventually(came)

    async def _events(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            event = json.loads(line)["data"]["inboxEvents"]
            self.numbers.append(event["notification"]["data"]["number"])

    async def _sockets(self) -> None:
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            said = json.loads(line)
            assert "error" not in said, line
            self.connections = said.get("opened", self.connections)
