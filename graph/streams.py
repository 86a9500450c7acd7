"""The streams and exports that are open in this process: how many at most, and how to end them."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from pymongo.errors import PyMongoError
from starlette.types import Receive

from core import clock, events
from core.errors import RateLimited, Unavailable
from core.parts import Parts
from core.tokens import LEEWAY
from graph.rejection import Rejected
from graph.wire import Wire
from rules.roles import Principal, Role
from services import api_keys

MOST = 10_000
MOST_OF_ONE = 50
"""Of one caller; a browser itself opens six at most by HTTP/1.1, and some hundred by HTTP/2."""
RETRY_SECONDS = 5
PATROL_SECONDS = 15.0
"""How long a stream may outlive its key where the news of its end was lost."""

End: TypeAlias = Callable[[], None]
Caller: TypeAlias = tuple[str, Role, str | None] | None


class Streams:
    """Who has which streams; all without a token count as one caller."""

    def __init__(
        self,
        most: int = MOST,
        of_one: int = MOST_OF_ONE,
        name: str = "streams",
        grace_seconds: float = 0.0,
    ) -> None:
        """Up to so many in all and of one caller; `name` is what callers are told of.

        After its token has ended each may go on for the grace, though not after its key.
        """
        self._most = most
        self._of_one = of_one
        self._name = name
        self._grace_seconds = grace_seconds
        self._ends: defaultdict[Caller, set[End]] = defaultdict(set)
        self._count = 0

    def check(self, principal: Principal | None) -> None:
        """Raise Rejected unless there is room for one more."""
        headers = {"Retry-After": str(RETRY_SECONDS)}
        if self._count >= self._most:
            raise Rejected(503, str(Unavailable()), Unavailable.code, headers)
        if len(self._ends.get(_caller(principal), ())) >= self._of_one:
            message = f"you have {self._of_one} {self._name} open; close one first"
            raise Rejected(429, message, RateLimited.code, headers)

    @contextmanager
    def entered(
        self, principal: Principal | None, end: End, wire: Wire | None = None
    ) -> Iterator[None]:
        """Count a stream while it is open, and end it with its token, its key, or the process."""
        caller = _caller(principal)
        self._ends[caller].add(end)
        self._count += 1
        expiry = _at_expiry(principal, end, self._grace_seconds)
        if wire is not None:
            wire.on_shutdown = end
            if wire.stopping:
                end()
        try:
            yield
        finally:
            if expiry is not None:
                expiry.cancel()
            self._count -= 1
            self._ends[caller].discard(end)
            if not self._ends[caller]:
                del self._ends[caller]

    async def watch_keys(self, parts: Parts) -> None:
        """End the streams of API keys that are revoked or expire, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._hear(parts))
            group.create_task(self._patrol())

    async def _hear(self, parts: Parts) -> None:
        async with parts.wakeups.listen(api_keys.REVOKED) as waiter:
            while True:
                told = await waiter.take()
                revoked = {key.decode(errors="replace") for key in told} if told else None
                api_keys.forget(revoked or ())  # else the cache would let them in again
                await self._check(revoked)

    async def _patrol(self) -> None:
        while True:
            await asyncio.sleep(PATROL_SECONDS)
            await self._check(None)

    async def _check(self, revoked: set[str] | None) -> None:
        """End those of the revoked keys; None asks the database about all."""
        try:
            keys = {caller[2] for caller in self._ends if caller and caller[2] is not None}
            if keys:
                gone = keys - await api_keys.still_good(keys) if revoked is None else revoked
                self._end(gone)
        except PyMongoError as error:
            # The next round asks again.
            events.emit("streams.patrol.failed", error=str(error))

    def _end(self, key_ids: set[str]) -> None:
        for caller, ends in list(self._ends.items()):
            if caller and caller[2] in key_ids:
                for end in tuple(ends):
                    end()


async def gone(receive: Receive) -> None:
    """Return as soon as the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _at_expiry(
    principal: Principal | None, end: End, grace_seconds: float
) -> asyncio.TimerHandle | None:
    if principal is None or principal.expires_at is None:
        return None
    left = (principal.expires_at - clock.now() + LEEWAY).total_seconds()
    return asyncio.get_running_loop().call_later(max(0.0, left + grace_seconds), end)


def _caller(principal: Principal | None) -> Caller:
    # Not the whole principal: it would be another one with each new token.
    return None if principal is None else (principal.subject, principal.role, principal.key_id)
