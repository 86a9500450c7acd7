"""Pumps, for tests."""

import asyncio
import math

from bson import ObjectId
from starlette.types import Receive, Scope, Send

from channels.channel import Channel
from core.parts import Parts
from local.outside import Outside
from services import messages
from services.messages import Claimed
from services.pump import Pump
from tests.services.looking import PATIENCE

TOKEN = "eyJhbGciOiJIUzI1NiJ9.e30.c2VjcmV0"
"""What the emulator of the sending API lets in."""

API = "sending_api"

LONG = 60.0
"""Seconds that a pump may run: more than it needs."""


class Turnstile(Outside):
    """Lets in as many requests as it is told; the others wait before it, for what a test does."""

    def __init__(self) -> None:
        """Let in everybody who has the token."""
        super().__init__(TOKEN)
        self._room = math.inf
        self._turned = asyncio.Event()

    def let_in(self, count: float = math.inf) -> None:
        """Let in so many more of those who wait and those who will come."""
        self._room = count
        self._turned.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request in its turn."""
        while self._room < 1:
            self._turned.clear()
            await self._turned.wait()
        self._room -= 1
        await super().__call__(scope, receive, send)


async def run(parts: Parts, channel: Channel, lane: str = messages.BULK) -> int:
    """Pump until nothing is due; how many messages were handled."""
    async with asyncio.timeout(PATIENCE):
        return await Pump(parts, lane, channel, "w1").run(LONG)


async def claim(
    parts: Parts, mailing_id: ObjectId | None, limit: int = 1_000, worker: str = "w1"
) -> list[Claimed]:
    """Take due messages for the sending API."""
    return await messages.claim(parts, mailing_id, API, limit, worker)
