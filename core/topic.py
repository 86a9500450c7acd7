"""A topic of wake-ups: who waits for it in this process, and what Redis was asked about it."""

import asyncio
from dataclasses import dataclass, field

WAITER_BOUND = 64


class Waiter:
    """What one listener has not yet looked at: a few payloads, or just that it must look.

    Most of its life it waits for nothing, in great numbers: so it has no queue and no event.
    """

    __slots__ = ("_missed", "_payloads", "_ready", "deaf")

    def __init__(self) -> None:
        self.deaf = False
        """Whether Redis does not know of it, so that it must look once it does."""
        self._payloads: list[bytes] = []
        self._missed = False
        self._ready: asyncio.Future[None] | None = None

    def put(self, payload: bytes) -> None:
        """Hand over a payload; past the bound only the fact remains that some were missed."""
        if len(self._payloads) >= WAITER_BOUND:
            self.look()
        elif not self._missed:
            self._payloads.append(payload)
            self._wake()

    def look(self) -> None:
        """Tell the listener to read the database, since payloads may have been lost."""
        self._payloads.clear()
        self._missed = True
        self._wake()

    async def take(self) -> list[bytes] | None:
        """Wait; then the payloads in order, or None where only the database knows."""
        while not self._payloads and not self._missed:
            self._ready = asyncio.get_running_loop().create_future()
            await self._ready
        payloads, self._payloads = self._payloads, []
        missed, self._missed = self._missed, False
        return None if missed else payloads

    def _wake(self) -> None:
        if self._ready is not None and not self._ready.done():
            self._ready.set_result(None)


@dataclass(slots=True, eq=False)
class Topic:
    """Who listens, and what Redis was asked for; `waiters` say what it should be asked for."""

    waiters: set[Waiter] = field(default_factory=set)
    joining: list["asyncio.Future[None]"] = field(default_factory=list)
    """Those of them who wait until Redis has confirmed."""
    asked: bool = False
    """Whether the last command was to subscribe."""
    unanswered: int = 0
    """Commands that Redis has not confirmed yet; it does so in their order."""

    @property
    def heard(self) -> bool:
        """Whether a wake-up that is published now arrives."""
        return self.asked and not self.unanswered

    @property
    def over(self) -> bool:
        """Whether it may be forgotten."""
        return not (self.waiters or self.asked or self.unanswered)

    def answered(self) -> None:
        """Redis has confirmed a command: if it was the last, let the joining go on."""
        self.unanswered -= 1
        if not self.heard:
            return
        for one in self.joining:
            if not one.done():
                one.set_result(None)
        for waiter in self.waiters:
            if waiter.deaf:
                waiter.deaf = False
                waiter.look()

    def lose(self) -> None:
        """The connection is gone, and Redis has forgotten what it was asked for."""
        self.asked, self.unanswered = False, 0
        for waiter in self.waiters:
            waiter.deaf = True
