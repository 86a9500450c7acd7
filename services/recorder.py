"""The recorder: what a pump holds, and what became of it, written every 100 ms at the latest."""

import asyncio
import random
from collections.abc import Collection, Iterable
from uuid import UUID

from pymongo.errors import PyMongoError

from core import events
from core.parts import Parts
from services import results
from services.messages import Claimed
from services.results import Change

RECORD_SECONDS = 0.1
RECORD_BATCH = 500


class Recorder:
    """Knows which messages are held until their results are written."""

    def __init__(self, parts: Parts, worker: str) -> None:
        self._parts = parts
        self._worker = worker
        self._held: dict[UUID, Claimed] = {}
        self._results: asyncio.Queue[Change] = asyncio.Queue(RECORD_BATCH)
        self._drained = asyncio.Event()
        self._drained.set()

    @property
    def held(self) -> Collection[Claimed]:
        """The messages in hand; a live view."""
        return self._held.values()

    def hold(self, claimed: Iterable[Claimed]) -> None:
        """Take note of messages whose results are to come."""
        self._held.update((one.id, one) for one in claimed)
        if self._held:
            self._drained.clear()

    async def take(self, change: Change) -> None:
        """A result to write; waits while too many are waiting."""
        await self._results.put(change)

    async def drained(self) -> None:
        """Wait until nothing is held."""
        await self._drained.wait()

    async def run(self) -> None:
        """Write results until cancelled."""
        while True:
            batch = [await self._results.get()]
            await asyncio.sleep(RECORD_SECONDS / 2)
            while len(batch) < RECORD_BATCH and not self._results.empty():
                batch.append(self._results.get_nowait())
            await self._write(batch)
            for change in batch:
                # A row that was due again at once may have been claimed anew meanwhile.
                if self._held.get(change.claimed.id) is change.claimed:
                    del self._held[change.claimed.id]
            if not self._held:
                self._drained.set()

    async def _write(self, batch: list[Change]) -> None:
        """Write until it is written: these messages are out, and only we know it."""
        while True:
            try:
                ours = await results.write(self._parts, batch)
            except PyMongoError as error:
                events.emit("messages.write.failed", count=len(batch), error=str(error))
                await asyncio.sleep(random.uniform(0.1, 1.0))  # noqa: S311 - jitter
                continue
            if ours < len(batch):
                events.emit("leases.lost", count=len(batch) - ours, worker=self._worker)
            return
