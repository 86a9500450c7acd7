"""How a process itself does: whether its loop keeps time, and what its pools hold."""

import asyncio

from core import events, pool_use
from core.parts import Parts

SECONDS = 0.5


async def beat(parts: Parts) -> None:
    """Say so twice a second, for as long as anybody may ask."""
    if parts.pool_use is None:
        return
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + SECONDS
        await asyncio.sleep(SECONDS)
        # What runs too long without a pause delays this as it delays everybody.
        late = max(0.0, loop.time() - due)
        use = pool_use.of(parts.pool_use, parts.redis)
        events.note("process.looked", late_seconds=late, connections=use)
