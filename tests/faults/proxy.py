"""A TCP proxy of our own for MongoDB, Redis, SMTP and HTTP, which can fail in every way a net can."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from local.ports import LOOPBACK

CHUNK = 65_536
"""Octets in memory of each direction of a connection; the rest waits in the kernel."""

BACKLOG = 1_024
_RESET = struct.pack("ii", 1, 0)
"""Without lingering, the kernel drops what is unsent and sends RST in place of FIN."""


@dataclass(eq=False, slots=True)
class Line:
    """One connection through the proxy; `server` is None where nothing was connected."""

    client: socket.socket
    server: socket.socket | None = None
    task: "asyncio.Task[None] | None" = None

    def reset(self) -> None:
        """End both sides with RST."""
        for side in (self.client, self.server):
            if side is not None and side.fileno() >= 0:
                side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        if self.task is not None:
            self.task.cancel()


class Proxy:
    """Forwards a port of the loopback to another, and fails as it is told; all faults end by `heal`."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.connections = 0
        """How many were accepted so far."""
        self.latency_seconds = 0.0
        """Added to each chunk, each way."""
        self._listener: socket.socket | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._lines: set[Line] = set()
        self._swallows = False
        self._cut_after: int | None = None

    @property
    def open_lines(self) -> int:
        """Connections under way."""
        return len(self._lines)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Proxy"]:
        """Forward as long as the block runs; `port` is free before and stays the same."""
        self._listen()
        try:
            yield self
        finally:
            await self.refuse()

    async def reset(self) -> int:
        """Reset all connections; how many. New ones are served."""
        lines = list(self._lines)
        for line in lines:
            line.reset()
        await self._ended(lines)
        return len(lines)

    def cut(self, after: int) -> None:
        """Let the next reply pass for `after` octets, then reset its connection."""
        self._cut_after = after

    def blackhole(self) -> None:
        """Accept, swallow and answer nothing, on connections there are and on new ones."""
        self._swallows = True

    async def refuse(self) -> None:
        """Close the listener and reset all connections, as a process does that was killed."""
        listener, self._listener = self._listener, None
        if listener is not None:
            assert self._accepting is not None
            self._accepting.cancel()
            await asyncio.wait([self._accepting])
            listener.close()
        await self.reset()

    async def heal(self) -> None:
        """Forward everything again; connections that lost octets are reset."""
        self.latency_seconds = 0.0
        self._cut_after = None
        if self._swallows:
            self._swallows = False
            await self.reset()
        if self._listener is None:
            self._listen()

    def _listen(self) -> None:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, self.port))
        listener.listen(BACKLOG)
        listener.settimeout(0)
        self.port = listener.getsockname()[1]
        self._listener = listener
        self._accepting = asyncio.create_task(self._accept(listener))

    async def _accept(self, listener: socket.socket) -> None:
        while True:
            client, _ = await asyncio.get_running_loop().sock_accept(listener)
            self.connections += 1
            line = Line(client)
            self._lines.add(line)
            line.task = asyncio.create_task(self._serve(line))
            line.task.add_done_callback(partial(self._end, line))

    async def _serve(self, line: Line) -> None:
        loop = asyncio.get_running_loop()
        if not self._swallows:
            server = socket.socket()
            line.server = server
            server.settimeout(0)
            try:
                await loop.sock_connect(server, (LOOPBACK, self.target))
            except OSError:
                # Nobody listens there, and the client learns it as it would without us.
                line.reset()
                return
            for side in (line.client, server):
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._ask(line))
                if line.server is not None:
                    both.create_task(self._answer(line, line.server))
        except* OSError:
            # One side was reset, or left while we wrote: the connection is over.
            line.reset()

    async def _ask(self, line: Line) -> None:
        loop = asyncio.get_running_loop()
        while octets := await self._read(line.client):
            if line.server is not None and not self._swallows:
                await loop.sock_sendall(line.server, octets)
        if line.server is not None and not self._swallows:
            line.server.shutdown(socket.SHUT_WR)

    async def _answer(self, line: Line, server: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        left: int | None = None
        while octets := await self._read(server):
            if self._swallows:
                continue
            if self._cut_after is not None and left is None:
                left, self._cut_after = self._cut_after, None
            await loop.sock_sendall(line.client, octets[:left])
            if left is not None:
                left -= min(left, len(octets))
                if left == 0:
                    line.reset()
        if not self._swallows:
            line.client.shutdown(socket.SHUT_WR)

    async def _read(self, side: socket.socket) -> bytes:
        octets = await asyncio.get_running_loop().sock_recv(side, CHUNK)
        if self.latency_seconds:
            await asyncio.sleep(self.latency_seconds)
        return octets

    def _end(self, line: Line, task: "asyncio.Task[None]") -> None:
        self._lines.discard(line)
        line.client.close()
        if line.server is not None:
            line.server.close()

    async def _ended(self, lines: list[Line]) -> None:
        tasks = [line.task for line in lines if line.task is not None]
        if tasks:
            await asyncio.wait(tasks)
            # Their callbacks, which close the sockets, come in the loop's next round.
            await asyncio.sleep(0)
