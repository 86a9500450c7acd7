"""Reading a request's body: bounded in size, in time, and in what all bodies hold together."""

import asyncio
from collections import Counter
from typing import ClassVar

from starlette.requests import ClientDisconnect, Request

from core.errors import RateLimited, Unavailable
from graph.rejection import Rejected
from graph.wire import Wire
from rules.roles import Principal, Role

TOO_LARGE = "TOO_LARGE"
LARGEST = 8 * 1024 * 1024
"""Bytes of a caller with a token: room for 1,000 notifications of a usual size."""
LARGEST_SUBSCRIBER = 256 * 1024
"""Bytes of one who only reads an inbox, and of whom there may be a million."""
LARGEST_UNKNOWN = 64 * 1024
"""Bytes of a caller without: room for any question, and none to fill our memory with."""
MOST_VALUES = 250_000
"""JSON values of a body; each takes some 70 bytes once it is read, however short it is."""
ROOM = 64 * 1024 * 1024
"""Bytes that the bodies under way may hold together in this process."""
SHARE = ROOM // 4
"""Bytes of it for one caller."""
PATIENCE_SECONDS = 10.0
"""How long the first bytes may take."""
SILENCE_SECONDS = 5.0
"""How long the sender may rest after that."""
SLOWEST = 32 * 1024
"""Bytes a second that a body must come in at, but for one such rest."""


class Body:
    """One request's body, and its share of the room that all have, for as long as it is needed."""

    _free = ROOM
    _held: ClassVar[Counter[str]] = Counter()
    """Bytes of the room, by their callers."""

    def __init__(self, request: Request, principal: Principal | None) -> None:
        """Of a caller with a token, or of one without."""
        self._request = request
        self._raw = bytearray()
        self._limit = _largest(principal)
        self._caller = f"{principal.role}:{principal.subject}" if principal else ""
        self._taken = 0

    async def __aenter__(self) -> bytearray:
        """All of it; raises Rejected, or Starlette's ClientDisconnect."""
        try:
            await self._read()
        except BaseException:
            self._release()
            raise
        return self._raw

    async def __aexit__(self, *_: object) -> None:
        self._release()

    async def _read(self) -> None:
        if self._request.method != "POST":
            return
        self._check(int(self._request.headers.get("content-length", 0)))
        if self._is_here():
            await self._chunk()
        else:
            await self._collect_in_time()
        if len(self._raw) > LARGEST_UNKNOWN and _values(self._raw) > MOST_VALUES:
            raise Rejected(413, f"the body holds more than {MOST_VALUES} values", TOO_LARGE)

    def _is_here(self) -> bool:
        """Whether there is nothing to wait for: the bodies of most requests come with their heads."""
        wire: Wire | None = self._request.scope.get("state", {}).get("wire")
        return wire is not None and wire.has_whole_body

    async def _collect_in_time(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS) as patience:
                await self._collect(patience)
        except TimeoutError:
            message = "the body came in too slowly"
            raise Rejected(408, message, headers={"Connection": "close"}) from None

    async def _collect(self, patience: asyncio.Timeout) -> None:
        loop = asyncio.get_running_loop()
        last = loop.time() + PATIENCE_SECONDS
        size, more = await self._chunk()
        while more:
            # What came quickly is no credit for silence: others wait for the room it takes.
            last = min(last + size / SLOWEST, loop.time() + SILENCE_SECONDS)
            patience.reschedule(last)
            size, more = await self._chunk()

    async def _chunk(self) -> tuple[int, bool]:
        """Take what has come: its bytes, and whether there is more to come."""
        message = await self._request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        self._add(chunk)
        return len(chunk), message.get("more_body", False)

    def _add(self, chunk: bytes) -> None:
        size = len(self._raw) + len(chunk)
        self._check(size)
        if size > LARGEST_UNKNOWN:
            self._take(len(chunk))
        self._raw += chunk

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise Rejected(413, f"the body is larger than {self._limit} bytes", TOO_LARGE)

    def _take(self, size: int) -> None:
        if Body._held[self._caller] + size > SHARE:
            message = "you have too many large requests under way; wait for their answers"
            raise Rejected(429, message, RateLimited.code, {"Retry-After": "1"})
        if size > Body._free:
            message = "too many large requests are under way; try again shortly"
            raise Rejected(503, message, Unavailable.code)
        Body._free -= size
        Body._held[self._caller] += size
        self._taken += size

    def _release(self) -> None:
        if not self._taken:
            return
        Body._free += self._taken
        Body._held[self._caller] -= self._taken
        if not Body._held[self._caller]:
            del Body._held[self._caller]
        self._taken = 0


def _largest(principal: Principal | None) -> int:
    if principal is None:
        return LARGEST_UNKNOWN
    return LARGEST_SUBSCRIBER if principal.role is Role.SUBSCRIBER else LARGEST


def _values(raw: bytearray) -> int:
    """At least as many values as the JSON has; its texts may hold some of these marks too."""
    return raw.count(b",") + raw.count(b"[") + raw.count(b"{") + 1
