"""The connections of a channel that POSTs JSON: bounded in number, in time and in what is read."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

import aiohttp
from yarl import URL

from channels.answer import kept
from channels.channel import Outcome, Retry
from channels.http import bounded, limits
from channels.http_verdict import failure
from channels.sockets import abrupt

KEEP_SECONDS = 4.0
"""How long an idle connection is kept: less than the 5 s after which common servers drop theirs.

A request on a connection that the server is just dropping would end as Unknown.
"""


class Answer(NamedTuple):
    """What came back, the body as far as it is read."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connections:
    """At most `size` requests at once; the first one opens the session."""

    def __init__(self, size: int) -> None:
        """Open nothing yet."""
        self._size = size
        self._slots = asyncio.Semaphore(size)
        self._session: aiohttp.ClientSession | None = None

    async def exchange(
        self,
        work: Callable[[float], Awaitable[Outcome]],
        timeout_seconds: float,
        secrets: Callable[[], tuple[str, ...]],
    ) -> Outcome:
        """The outcome of `work`, which is told the moment of the loop that it must be done by.

        What goes wrong on the way is an outcome too, with the secrets blotted out.
        """
        ends = now() + timeout_seconds
        if not await self._slot(timeout_seconds):
            return Retry("busy", "no connection was free in time", about_provider=False)
        try:
            return await work(ends)
        except (aiohttp.ClientError, OSError) as error:
            return failure(error, kept(f"{type(error).__name__}: {error}", secrets()))
        finally:
            self._slots.release()

    async def post(
        self, address: str, body: bytes, headers: Mapping[str, str] | None, ends: float
    ) -> Answer:
        """One request, ended by then; raises what aiohttp does."""
        session = self._session or self._open()
        async with session.post(
            URL(address, encoded=True),
            data=body,
            headers=headers,
            timeout=limits(ends - now()),
            allow_redirects=False,
        ) as response:
            return Answer(response.status, response.headers, await bounded(response))

    async def close(self) -> None:
        """Give up the kept connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _slot(self, limit_seconds: float) -> bool:
        """Take a slot; false if none came free in time."""
        if not self._slots.locked():
            return await self._slots.acquire()
        try:
            async with asyncio.timeout(limit_seconds):
                return await self._slots.acquire()
        except TimeoutError:
            return False

    def _open(self) -> aiohttp.ClientSession:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self._size, keepalive_timeout=KEEP_SECONDS, socket_factory=abrupt
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Content-Type": "application/json", "User-Agent": "belfry"},
        )
        return self._session


def now() -> float:
    """The loop's time, by which requests end."""
    return asyncio.get_running_loop().time()
