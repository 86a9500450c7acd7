"""What waits for a peer that does not read."""

import asyncio

LEAST_READ = 16 * 1024
"""Bytes by which a peer has to come nearer to the end, to be one that reads."""
MOST_WAITING = 8 * 1024 * 1024
"""Bytes of answers that may wait for one peer; a single one may be larger."""


class Jam:
    """From the moment when a peer has left too much unread until it has read enough."""

    __slots__ = ("_end", "_unread", "_waiting", "since")

    def __init__(self, now: float, unread: int) -> None:
        """With so many bytes sent and unread; `now` is in seconds of any clock."""
        self.since = now
        """When the peer was last seen to read."""
        self._unread = unread
        self._waiting = 0
        self._end = asyncio.Event()

    def look(self, now: float, unread: int) -> None:
        """Note how much is unread now."""
        if unread <= self._unread - LEAST_READ:
            self.since = now
            self._unread = unread
        self._unread = max(self._unread, unread)

    def has_room(self, octets: int) -> bool:
        """Whether so much may wait besides what waits already."""
        return not self._waiting or self._waiting + octets <= MOST_WAITING

    async def wait(self, octets: int = 0) -> None:
        """Return at its end; until then so many bytes are held."""
        self._waiting += octets
        try:
            await self._end.wait()
        finally:
            self._waiting -= octets

    def end(self) -> None:
        """Let all go on who wait."""
        self._end.set()
