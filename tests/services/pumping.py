"""Pumps, for tests."""

import asyncio

from channels.channel import Channel
from core.parts import Parts
from services import messages
from services.pump import Pump
from tests.services.looking import PATIENCE

TOKEN = "eyJhbGciOiJIUzI1NiJ9.e30.c2VjcmV0"
"""What the emulator of the sending API lets in."""

LONG = 60.0
"""Seconds that a pump may run: more than it needs."""


async def run(parts: Parts, channel: Channel, lane: str = messages.BULK) -> int:
    """Pump until nothing is due; how many messages were handled."""
    async with asyncio.timeout(PATIENCE):
        return await Pump(parts, lane, channel, "w1").run(LONG)
