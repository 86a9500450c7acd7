"""Bells that move to another API when theirs says nothing more, after the last cursor they got."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Any

import aiohttp

from rules import inbox
from tests.cluster.cluster import token

EVENTS = """subscription ($user: ID!, $after: String) {
  inboxEvents(userId: $user, after: $after) { __typename seq cursor unread } }"""
PROTOCOL = "graphql-transport-ws"
HEARTBEAT_SECONDS = 2.0
"""After this and half of it an API that answers no ping is given up."""
HELLO_SECONDS = 5.0
AGAIN_SECONDS = 0.2


class Bell:
    """One of a user's tabs."""

    def __init__(self, user: str, addresses: Sequence[str], first: int) -> None:
        self.user = user
        self.events: list[dict[str, Any]] = []
        self.at = ""
        """The API that it listens to; none while it looks for one."""
        self.moves = 0
        """How often it had to look for one."""
        self._cursor = inbox.cursor(user, 0)
        self._addresses = addresses
        self._turn = first

    @property
    def seq(self) -> int:
        """Its place in the user's events."""
        return int(self.events[-1]["seq"]) if self.events else 0

    def faults(self, upto: int) -> list[str]:
        """What is wrong with what it heard, if it should have heard the events up to this one."""
        seqs = [0, *(one["seq"] for one in self.events)]
        found = [
            f"{after} follows {before}" for before, after in pairwise(seqs) if after != before + 1
        ]
        kinds = {one["__typename"] for one in self.events} - {"NotificationCreated"}
        if self.seq != upto:
            found.append(f"heard {self.seq} of {upto}")
        found += [f"heard a {kind}" for kind in kinds]
        return [f"bell of {self.user}: {fault}" for fault in found]

    async def ring(self) -> None:
        """Follow the inbox for ever."""
        async with aiohttp.ClientSession() as http:
            while True:
                address = self._addresses[self._turn % len(self._addresses)]
                with suppress(aiohttp.ClientError, TimeoutError, OSError):
                    await self._follow(http, address)
                self.at = ""
                self.moves += 1
                self._turn += 1
                await asyncio.sleep(AGAIN_SECONDS)

    async def _follow(self, http: aiohttp.ClientSession, address: str) -> None:
        async with asyncio.timeout(HELLO_SECONDS):
            socket = await http.ws_connect(
                f"{address}/graphql", protocols=[PROTOCOL], heartbeat=HEARTBEAT_SECONDS
            )
        async with socket:
            async with asyncio.timeout(HELLO_SECONDS):
                bearer = f"Bearer {token('subscriber', self.user)}"
                await socket.send_json(
                    {"type": "connection_init", "payload": {"authorization": bearer}}
                )
                await socket.receive_json()
            said = {"user": self.user, "after": self._cursor}
            asked = {"query": EVENTS, "variables": said}
            await socket.send_json({"type": "subscribe", "id": "1", "payload": asked})
            self.at = address
            async for message in socket:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    return
                data = message.json().get("payload", {}).get("data")
                if not data:
                    return  # it has failed, and says why
                self._take(data["inboxEvents"])

    def _take(self, event: dict[str, Any]) -> None:
        self.events.append(event)
        self._cursor = event["cursor"]
