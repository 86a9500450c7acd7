"""The outside in the test's own process: ledgers that know how late they may have been."""

import asyncio
import time
from collections import Counter, deque
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from starlette.types import ASGIApp, Receive, Scope, Send

from core import clock
from local.ledger import Ledger
from tests.faults.evidence import Acceptance

TICK_SECONDS = 0.02
REMEMBERED_TICKS = 100
LOOPS = 3
"""A request leaves the worker's loop, passes the proxy's and comes to ours: each as late as ours."""


class Pulse:
    """Feels how far our own loop is behind, so that no lateness of ours is taken for the engine's."""

    def __init__(self) -> None:
        self._ticks: deque[float] = deque(maxlen=REMEMBERED_TICKS)

    async def beat(self) -> None:
        """Tick for ever."""
        while True:
            self._ticks.append(time.monotonic())
            await asyncio.sleep(TICK_SECONDS)

    @property
    def lag(self) -> timedelta:
        """The longest that the loop stood still lately."""
        ticks = [*self._ticks, time.monotonic()]
        gaps = [later - earlier - TICK_SECONDS for earlier, later in pairwise(ticks)]
        return timedelta(seconds=max(0.0, *gaps, 0.0))


class Door:
    """Counts who is inside: a provider that takes its time may accept after its client has left."""

    def __init__(self, app: ASGIApp) -> None:
        self.inside = 0
        self.by_client: Counter[str] = Counter()
        """Those inside by where they come from."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        client = str((scope.get("client") or ("",))[0])
        self.inside += 1
        self.by_client[client] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self.inside -= 1
            self.by_client[client] -= 1


class Witness(Ledger):
    """A ledger of one channel that also keeps what the judge wants to know."""

    def __init__(self, channel: str, pulse: Pulse) -> None:
        super().__init__(keep=1_000)
        self.taken: list[Acceptance] = []
        self._channel = channel
        self._pulse = pulse

    def accept(self, ident: int | str, came: datetime | None = None, **what: object) -> None:
        """Write down an acceptance."""
        super().accept(ident, came, **what)
        key = ident if isinstance(ident, int) else UUID(ident)
        address = str(what.get("phone") or what["address"])
        text, lag = str(what["text"]).removesuffix("\n"), LOOPS * self._pulse.lag
        self.taken.append(Acceptance(self._channel, key, came or clock.now(), address, text, lag))

    def clear(self) -> None:
        """Forget everything."""
        super().clear()
        self.taken.clear()
