"""Pumps, for tests."""

import asyncio

from bson import ObjectId

from channels.channel import Channel
from core.parts import Parts
from services import messages
from services.messages import Claimed
from services.pump import Pump
from tests.services.looking import PATIENCE

TOKEN = "eyJhbGciOiJIUzI1NiJ9.e30.c2VjcmV0"
"""What the emulator of the sending API lets in."""

API = "sending_api"

LONG = 60.0
"""Seconds that a pump may run: more than it needs."""


async def run(parts: Parts, channel: Channel, lane: str = messages.BULK) -> int:
    """Pump until nothing is due; how many messages were handled."""
    async with asyncio.timeout(PATIENCE):
        return await Pump(parts, lane, channel, "w1").run(LONG)


async def claim(
    parts: Parts, mailing_id: ObjectId | None, limit: int = 1_000, worker: str = "w1"
) -> list[Claimed]:
    """Take due messages for the sending API."""
    return await messages.claim(parts, mailing_id, API, limit, worker)
