"""Followers of an inbox, for tests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace

from bson import ObjectId

from core.parts import Parts
from services import bell, notifications
from services.announcements import Announcement
from tests.factories import notification
from tests.services.looking import PATIENCE, until


class Listener:
    """Follows an inbox and keeps what it hears."""

    def __init__(self, parts: Parts, user_id: ObjectId, after: int | None = None) -> None:
        self.heard: list[Announcement] = []
        self._changed = asyncio.Event()
        self._task = asyncio.create_task(self._follow(parts, user_id, after))

    async def _follow(self, parts: Parts, user_id: ObjectId, after: int | None) -> None:
        try:
            async with aclosing(bell.follow(parts, user_id, after)) as announcements:
                async for announcement in announcements:
                    self.heard.append(announcement)
                    self._changed.set()
        finally:
            self._changed.set()

    @property
    def seqs(self) -> list[int]:
        """The `seq` of each event, as they came."""
        return [one.event.seq for one in self.heard]

    async def reach(self, seq: int) -> None:
        """Wait until it has heard of the event `seq`."""
        async with asyncio.timeout(PATIENCE):
            while not self.heard or self.heard[-1].event.seq < seq:
                if self._task.done():
                    self._task.result()
                self._changed.clear()
                await self._changed.wait()

    async def end(self) -> None:
        """Stop listening."""
        self._task.cancel()
        await asyncio.wait({self._task})


@asynccontextmanager
async def listening(
    parts: Parts, user_id: ObjectId, after: int | None = None
) -> AsyncIterator[Listener]:
    """A listener that is already at its place when the block begins."""
    before = len(bell._followers.get(user_id, ()))
    listener = Listener(parts, user_id, after)
    await until(lambda: len(bell._followers.get(user_id, ())) > before)
    yield listener
    await listener.end()


def limited(parts: Parts, limit: int) -> Parts:
    """The same process with another NOTIFICATION_LIMIT."""
    return replace(parts, settings=parts.settings.model_copy(update={"notification_limit": limit}))


async def ring(parts: Parts, user_id: ObjectId, count: int = 1) -> int:
    """Create notifications one after the other; the `seq` of the last."""
    made = [await notifications.create(parts, "s", notification(user_id)) for _ in range(count)]
    return made[-1].seq
