"""Long bodies: read piece by piece, bounded in size, in speed, and in what they unfold to."""

import asyncio
import zlib
from collections.abc import AsyncGenerator, Iterator

from starlette.requests import Request
from starlette.types import Message

from core.errors import Unavailable
from graph.body import TOO_LARGE
from graph.rejection import Rejected

CLIENT_LEFT = 499
PIECE = 64 * 1024
PATIENCE_SECONDS = 30.0
"""How long the sender may rest, also before its first bytes."""
SLOWEST = 4 * 1024
"""Bytes a second that a body must come in at, but for one such rest."""
LONGEST_SECONDS = 4 * 3600.0
STOPPED = "the import was stopped in the middle; send the whole file again"
_GZIP = 31
"""How zlib is told of gzip's own head."""


class Upload:
    """One request's body. It is asked for no faster than it is taken."""

    def __init__(self, request: Request, most: int) -> None:
        """Of at most so many bytes, as they come and as they unfold; raises Rejected."""
        self._request = request
        self._most = most
        self._limit: asyncio.Timeout | None = None
        self._is_ended = False
        self._check(int(request.headers.get("content-length", 0)))
        coding = request.headers.get("content-encoding", "").strip().lower()
        if coding not in ("", "identity", "gzip"):
            message = "pack the body by gzip, or send it as it is"
            raise Rejected(415, message, headers={"Accept-Encoding": "gzip, identity"})
        self._is_packed = coding == "gzip"

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """What was sent, unpacked; raises Rejected, and Unavailable once it is ended."""
        size, gzip = 0, _Gunzip()
        async for chunk in self._chunks():
            for piece in gzip.feed(chunk) if self._is_packed else (chunk,):
                size += len(piece)
                self._check(size)
                yield piece
                # Others get their turn, however much was there at once.
                await asyncio.sleep(0)
        if self._is_packed:
            gzip.close()

    def end(self) -> None:
        """Read no more: the process stops, or the key of the sender has ended."""
        self._is_ended = True
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(asyncio.get_running_loop().time())

    async def _chunks(self) -> AsyncGenerator[bytes, None]:
        loop = asyncio.get_running_loop()
        size, credit, left = 0, PATIENCE_SECONDS, LONGEST_SECONDS
        while True:
            began = loop.time()
            message = await self._receive(min(credit, left))
            waited = loop.time() - began  # what we did in between is not the sender's delay
            if message["type"] == "http.disconnect":
                raise Rejected(CLIENT_LEFT, "the client left")
            chunk: bytes = message.get("body", b"")
            size += len(chunk)
            self._check(size)
            credit = min(PATIENCE_SECONDS, credit - waited + len(chunk) / SLOWEST)
            left -= waited
            if chunk:
                yield chunk
            if not message.get("more_body", False):
                return

    async def _receive(self, seconds: float) -> Message:
        if self._is_ended:
            raise Unavailable(STOPPED)
        try:
            async with asyncio.timeout(max(0.0, seconds)) as self._limit:
                return await self._request.receive()
        except TimeoutError:
            if self._is_ended:
                raise Unavailable(STOPPED) from None
            message = "the body came in too slowly"
            raise Rejected(408, message, headers={"Connection": "close"}) from None
        finally:
            self._limit = None

    def _check(self, size: int) -> None:
        if size > self._most:
            raise Rejected(413, f"the body is larger than {self._most} bytes", TOO_LARGE)


class _Gunzip:
    """Unpacks piece by piece: a few kilobytes could unfold to gigabytes."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(_GZIP)

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """What the next bytes unfold to; raises Rejected."""
        is_full = False
        while chunk or is_full:
            if self._zlib.eof:
                self._zlib = zlib.decompressobj(_GZIP)  # a file may be of several parts
            try:
                piece = self._zlib.decompress(chunk, PIECE)
            except zlib.error:
                raise Rejected(400, "the body is not in the form of gzip") from None
            chunk = self._zlib.unconsumed_tail or self._zlib.unused_data
            is_full = len(piece) == PIECE and not self._zlib.eof
            if piece:
                yield piece

    def close(self) -> None:
        """Raise Rejected unless all was there."""
        if not self._zlib.eof:
            raise Rejected(400, "the body breaks off in the middle of its gzip")
