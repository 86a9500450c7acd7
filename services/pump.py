"""The pump: claim due messages of one channel, send them side by side, record what came of it.

One line of work: feed -> deliver -> record. The feeder claims, the senders send, the recorder
writes every 100 ms at the latest, the keeper renews leases and looks whether mailings still run.
"""

import asyncio
import time
from collections.abc import Iterable
from uuid import UUID

from pymongo.errors import PyMongoError

from channels.channel import Channel, Outcome
from channels.profile import profile
from core import events, tasks
from core.parts import Parts
from rules.breaker import Gate
from services import deliveries, messages, objections
from services.breaker import Breaker
from services.deliveries import Sendable
from services.messages import Claimed
from services.pace import Pace
from services.recorder import Recorder
from services.results import Change
from services.sources import Sources
from services.throttle import Throttle

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
        means = profile(parts.settings, channel.name)
        self._limit_seconds = means.timeout_seconds
        self._sources = Sources(parts, lane, channel.name, worker)
        self._breaker = Breaker(parts, channel.name)
        self._throttle = Throttle(parts, channel.name, lane, means.rate, worker)
        self._pace = Pace(2 * channel.concurrency)
        self._ready: asyncio.Queue[Claimed] = asyncio.Queue()
        self._few_ready = asyncio.Event()
        self._turn = asyncio.Lock()
        self._recorder = Recorder(parts, worker)
        self._probe: UUID | None = None
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Claim nothing more and give back what wasn't started."""
        self._stop.set()

    async def run(self, seconds: float) -> int:
        """Work for at most about `seconds`, then finish what was begun; how many were handled."""
        handled = 0
        async with asyncio.TaskGroup() as group:
            crew = [group.create_task(self._deliver()) for _ in range(self._channel.concurrency)]
            crew += [group.create_task(self._recorder.run()), group.create_task(self._keep())]
            try:
                handled = await self._feed(time.monotonic() + seconds)
                await self._recorder.drained()
                handled += await self._feed_suspect()
                await self._recorder.drained()
            finally:
                await asyncio.shield(tasks.end(crew))
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
            if not claimed and not self._recorder.held:
                break
            await self._hand_out(claimed)
            handled += len(claimed)
        return handled

    async def _feed_suspect(self) -> int:
        """At the end a suspect, alone: where there is always more to do it would wait for ever."""
        claimed: list[Claimed] = []
        try:
            if not self._stop.is_set() and await self._breaker.gate() is Gate.PASS:
                claimed = await self._sources.take(1, suspects=True)
        except PyMongoError as error:
            events.emit("messages.claim.failed", lane=self._lane, error=str(error))
        if claimed:
            await self._hand_out(claimed)
        return len(claimed)

    async def _hand_out(self, claimed: list[Claimed]) -> None:
        if not claimed:
            await asyncio.sleep(IDLE_SECONDS)
            return
        self._recorder.hold(claimed)
        self._few_ready.clear()
        for one in claimed:
            self._ready.put_nowait(one)
        was_full = len(claimed) == self._batch()
        self._pace.begin()
        await self._few_ready.wait()
        if was_full:
            self._pace.end()

    def _batch(self) -> int:
        return self._throttle.batch(self._pace.size)

    async def _claim(self) -> list[Claimed]:
        """As many due rows as the state of the provider allows."""
        match await self._breaker.gate():
            case Gate.WAIT:
                return []
            case Gate.PROBE:
                return await self._claim_probe()
            case Gate.PASS:
                return await self._claim_freely()

    async def _claim_freely(self) -> list[Claimed]:
        """Due rows; one that may be what kills workers only when there is no other, and alone."""
        if any(messages.is_suspect(one) for one in self._recorder.held):
            return []
        claimed = await self._sources.take(self._batch())
        if claimed or self._recorder.held:
            return claimed
        return await self._sources.take(1, suspects=True)

    async def _claim_probe(self) -> list[Claimed]:
        """One message to try the provider with, if nobody else is trying."""
        if self._recorder.held or not await self._breaker.try_probe(self._limit_seconds):
            return []
        claimed: list[Claimed] = []
        try:
            claimed = await self._sources.take(1) or await self._sources.take(1, suspects=True)
        finally:
            if not claimed:
                await self._breaker.give_up_probe()
        self._probe = claimed[0].id if claimed else None
        return claimed

    async def _deliver(self) -> None:
        while True:
            claimed = await self._next()
            begun = time.monotonic()
            change, outcome = await self._send(claimed)
            if outcome is None:
                self._throttle.put_back()
            # Before the result: once all are written, the pump ends and cancels what is left.
            await self._judge(claimed, outcome, begun)
            await self._recorder.take(change)

    async def _next(self) -> Claimed:
        """The next message, once the provider's rate lets it leave.

        One sender at a time takes and waits, so that at a low rate few messages are held.
        """
        async with self._turn:
            claimed = await self._ready.get()
            if self._ready.qsize() <= self._batch() // 2:
                self._few_ready.set()
            await self._throttle.take(self._stop)
            return claimed

    async def _send(self, claimed: Claimed) -> tuple[Change, Outcome | None]:
        """Send one message unless something speaks against it at this very moment."""
        mailing = None if claimed.mailing_id is None else self._sources.mailings[claimed.mailing_id]
        now = self._parts.database_clock.now()
        held_back = objections.find(claimed, mailing, now)
        if held_back is not None:
            return held_back, None
        goes_on = not self._stop.is_set() and self._sources.knows(claimed.mailing_id)
        if not goes_on or not (self._breaker.is_closed or claimed.id == self._probe):
            return objections.release(claimed), None
        sendable = Sendable.of(claimed, mailing)
        seconds = sendable.seconds(now, self._limit_seconds)
        if seconds < min(objections.LEAST_SECONDS, self._limit_seconds):
            return objections.out_of_time(claimed, mailing, now), None
        return await deliveries.attempt(
            self._channel, sendable, seconds, self._worker, self._parts.database_clock
        )

    async def _judge(self, claimed: Claimed, outcome: Outcome | None, begun: float) -> None:
        """Let the breaker know; None if the message was not sent."""
        is_probe = claimed.id == self._probe
        if is_probe:
            self._probe = None
        try:
            if outcome is not None:
                await self._breaker.note(outcome, begun)
            elif is_probe:
                await self._breaker.give_up_probe()
        except PyMongoError as error:
            # Each pump still judges for itself; a probe that can't report is given up in time.
            events.emit("breaker.write.failed", channel=self._channel.name, error=str(error))

    async def _keep(self) -> None:
        third = self._parts.settings.lease_seconds / 3
        renew_at = time.monotonic() + third
        while True:
            await asyncio.sleep(KEEPER_SECONDS)
            try:
                await self._sources.refresh(self._recorder.held)
                await self._breaker.look()
                if time.monotonic() >= renew_at:
                    await self._renew()
                    renew_at = time.monotonic() + third
            except PyMongoError as error:
                # Leases run on; `seconds` stops sends that would outlive them.
                events.emit("leases.renewal.failed", error=str(error))

    async def _renew(self) -> None:
        held = list(self._recorder.held)
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
    runs = [asyncio.create_task(one.run(seconds)) for one in pumps]
    stopping = asyncio.create_task(_stop_all(pumps, stop))
    try:
        await asyncio.wait(runs, return_when=asyncio.FIRST_EXCEPTION)
        for one in pumps:
            one.stop()  # where one has failed, the others finish what they have begun
        return sum(await asyncio.gather(*runs))
    finally:
        await tasks.end([stopping, *runs])


async def _stop_all(pumps: Iterable[Pump], stop: asyncio.Event) -> None:
    await stop.wait()
    for one in pumps:
        one.stop()
