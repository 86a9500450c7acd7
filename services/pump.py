"""The pump: claim due messages of one channel, send them side by side, record what came of it.

One line of work: feed -> deliver -> record. The feeder claims, the senders send, the recorder
writes every 100 ms at the latest, the keeper renews leases and looks whether mailings still run.
"""

import asyncio
import itertools
import random
import time
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from bson import ObjectId
from pymongo.errors import PyMongoError

from channels.channel import Channel
from core import events
from core.parts import Parts
from models.client import Client
from models.mailing import MailingStatus
from rules.message import Fate, Status, closed
from services import deliveries, mailings, messages
from services.deliveries import Sendable
from services.launch import ADDRESS_FIELD
from services.messages import Change, Claimed

RECORD_SECONDS = 0.1
RECORD_BATCH = 500
KEEPER_SECONDS = 0.5
IDLE_SECONDS = 0.25
"""How long the feeder waits where nothing is due but sends are still under way."""


class Pump:
    """Moves the due messages of one lane and channel until none is left or its time is up."""

    def __init__(self, parts: Parts, lane: str, channel: Channel, worker: str) -> None:
        self._parts = parts
        self._lane = lane
        self._channel = channel
        self._worker = worker
        self._limit_seconds = deliveries.limit_seconds(parts.settings, channel.name)
        self._ready: asyncio.Queue[Claimed] = asyncio.Queue(channel.concurrency)
        self._results: asyncio.Queue[Change] = asyncio.Queue(RECORD_BATCH)
        self._held: dict[UUID, Claimed] = {}
        self._mailings: dict[ObjectId, dict[str, Any]] = {}
        self._turn = itertools.count()
        self._stop = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()

    def stop(self) -> None:
        """Claim nothing more and give back what wasn't started."""
        self._stop.set()

    async def run(self, seconds: float) -> int:
        """Work for at most about `seconds`, then finish what was begun; how many were handled."""
        handled = 0
        async with asyncio.TaskGroup() as tasks:
            crew = [tasks.create_task(self._deliver()) for _ in range(self._channel.concurrency)]
            crew += [tasks.create_task(self._record()), tasks.create_task(self._keep())]
            try:
                handled = await self._feed(time.monotonic() + seconds)
                await self._drained.wait()
            finally:
                for task in crew:
                    task.cancel()
        return handled

    async def _feed(self, until: float) -> int:
        handled = 0
        while time.monotonic() < until and not self._stop.is_set():
            try:
                claimed = await self._claim()
            except PyMongoError as error:
                # What is under way is out, and only we can record it; the next pump claims again.
                events.emit("messages.claim.failed", lane=self._lane, error=str(error))
                break
            handled += len(claimed)
            if not claimed and not self._held:
                break
            if not claimed:
                await asyncio.sleep(IDLE_SECONDS)
            self._held.update((one.id, one) for one in claimed)
            if claimed:
                self._drained.clear()
            for one in claimed:
                await self._ready.put(one)
        return handled

    async def _claim(self) -> list[Claimed]:
        """Due rows of the next source that has any; sources take turns."""
        sources = await self._sources()
        start = next(self._turn) % max(1, len(sources))
        for source in sources[start:] + sources[:start]:
            claimed = await messages.claim(
                self._parts, source, self._channel.name, 2 * self._channel.concurrency, self._worker
            )
            if claimed:
                await self._address_or_return(claimed)
                return claimed
        return []

    async def _sources(self) -> list[ObjectId | None]:
        if self._lane == messages.PERSONAL:
            return [None]
        now = self._parts.database_clock.now()
        running = {"status": MailingStatus.RUNNING, "settled": False, "end_at": {"$gt": now}}
        query = {**running, "channels": self._channel.name}
        rows = await mailings.collection().find(query).sort("_id", 1).limit(1_000).to_list()
        self._mailings.update((row["_id"], row) for row in rows)
        return [row["_id"] for row in rows]

    async def _address_or_return(self, claimed: list[Claimed]) -> None:
        try:
            await self._address(claimed)
        except PyMongoError:
            await messages.give_back([one.id for one in claimed], claimed[0].token)
            raise

    async def _address(self, claimed: Iterable[Claimed]) -> None:
        """Where each goes as the client is now, not as it was at the launch."""
        bulk = [one for one in claimed if one.mailing_id is not None]
        if not bulk:
            return
        field = ADDRESS_FIELD[self._channel.name]
        query = {"_id": {"$in": [one.row["client_id"] for one in bulk]}}
        found = Client.get_pymongo_collection().find(query, projection={field: 1})
        addresses = {row["_id"]: row.get(field) async for row in found}
        for one in bulk:
            one.row["address"] = addresses.get(one.row["client_id"])

    async def _deliver(self) -> None:
        while True:
            claimed = await self._ready.get()
            await self._results.put(await self._send(claimed))

    async def _send(self, claimed: Claimed) -> Change:
        """Send one message unless something speaks against it at this very moment."""
        held_back = self._objection(claimed)
        if held_back is not None:
            return held_back
        mailing = None if claimed.mailing_id is None else self._mailings[claimed.mailing_id]
        sendable = Sendable.of(claimed, mailing)
        now = self._parts.database_clock.now()
        seconds = sendable.seconds(now, self._limit_seconds)
        if seconds <= 0:
            return self._too_late(claimed, expired=now >= sendable.end_at)
        return await deliveries.attempt(
            self._channel, sendable, seconds, self._worker, self._parts.database_clock
        )

    def _objection(self, claimed: Claimed) -> Change | None:
        row = claimed.row
        if claimed.mailing_id is not None:
            if not row["address"]:
                return self._end(claimed, Status.CANCELLED, "client deleted or without address")
            if self._mailings[claimed.mailing_id]["status"] != MailingStatus.RUNNING:
                return self._release(claimed)
        return self._release(claimed) if self._stop.is_set() else None

    def _too_late(self, claimed: Claimed, *, expired: bool) -> Change:
        if expired:
            return self._end(claimed, Status.EXPIRED, "the end came first")
        return self._release(claimed)

    def _end(self, claimed: Claimed, status: Status, why: str) -> Change:
        maybe_sent = claimed.row["maybe_sent"]
        return Change(claimed, Fate(closed(status, maybe_sent), maybe_sent), why)

    def _release(self, claimed: Claimed) -> Change:
        row = claimed.row
        return Change(claimed, Fate(Status.PENDING, row["maybe_sent"], row["due_at"]), row["why"])

    async def _record(self) -> None:
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
                ours = await messages.write(self._parts, batch)
            except PyMongoError as error:
                events.emit("messages.write.failed", count=len(batch), error=str(error))
                await asyncio.sleep(random.uniform(0.1, 1.0))  # noqa: S311 - jitter
                continue
            if ours < len(batch):
                events.emit("leases.lost", count=len(batch) - ours, worker=self._worker)
            return

    async def _keep(self) -> None:
        third = self._parts.settings.lease_seconds / 3
        renew_at = time.monotonic() + third
        while True:
            await asyncio.sleep(KEEPER_SECONDS)
            try:
                await self._refresh_mailings()
                if time.monotonic() >= renew_at:
                    renew_at = time.monotonic() + third
                    await self._renew()
            except PyMongoError as error:
                # Leases run on; `seconds` stops sends that would outlive them.
                events.emit("leases.renewal.failed", error=str(error))

    async def _refresh_mailings(self) -> None:
        wanted = {one.mailing_id for one in self._held.values()} - {None}
        if wanted:
            found = mailings.collection().find({"_id": {"$in": list(wanted)}})
            self._mailings.update({row["_id"]: row async for row in found})

    async def _renew(self) -> None:
        held = list(self._held.values())
        if held:
            await messages.renew(self._parts, held)


async def pump(
    parts: Parts,
    channels: Iterable[Channel],
    lane: str,
    worker: str,
    stop: asyncio.Event,
    seconds: float,
) -> int:
    """Pump every channel of a lane side by side; how many messages were handled."""
    pumps = [Pump(parts, lane, channel, worker) for channel in channels]

    async def watch() -> None:
        await stop.wait()
        for one in pumps:
            one.stop()

    watcher = asyncio.create_task(watch())
    try:
        return sum(await asyncio.gather(*(one.run(seconds) for one in pumps)))
    finally:
        watcher.cancel()
