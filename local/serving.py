"""uvicorn as a guest in a running loop, with a way for an app to cut its client's connection."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Scope

CUT = "belfry.cut"
"""The ASGI extension that holds a `Cut`."""

Cut = Callable[[bool], None]
"""Ends the connection: with a TCP reset if true, else in order, after what was written."""

GRACE_SECONDS = 1
"""Time that requests under way have to finish when the server stops."""

_LINGER_NOT = struct.pack("ii", 1, 0)


class CuttingProtocol(HttpToolsProtocol):
    """HTTP whose app can cut its client's connection, as a crashing peer or a bad proxy does."""

    def on_message_begin(self) -> None:
        """Begin a request, with `CUT` among the extensions of its scope."""
        super().on_message_begin()
        cast("Scope", self.scope)["extensions"] = {CUT: self._cut}

    def _cut(self, reset: bool) -> None:
        if self.transport.is_closing():
            return  # the client was quicker
        if not reset:
            self.transport.close()
            return
        # Without lingering, the kernel drops what is unsent and sends RST in place of FIN.
        connection = self.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        self.transport.abort()


class GuestServer(uvicorn.Server):
    """A uvicorn server that leaves the signals to its host and stops at once when told."""

    def __init__(self, app: "ASGIApp") -> None:
        """Serve this app; nothing is logged below a warning."""
        config = uvicorn.Config(
            app,
            http=CuttingProtocol,
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            log_level="warning",
            date_header=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        super().__init__(config)
        self.ready = asyncio.Event()
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Let `serve` come to its end."""
        self._stop.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none: they belong to whoever runs the loop."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say when it is done or has failed."""
        try:
            await super().startup(sockets=sockets)
        finally:
            self.ready.set()

    async def main_loop(self) -> None:
        """Wait for `stop`; there is nothing to tick for."""
        await self._stop.wait()


@contextlib.asynccontextmanager
async def serving(app: "ASGIApp", host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve the app in this loop as long as the block runs; gives its address.

    Port 0 takes a free one. Raises OSError if the port is taken.
    """
    listener = _bound(host, port)
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{listener.getsockname()[1]}"
    server = GuestServer(app)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    await server.ready.wait()
    try:
        yield address
    finally:
        server.stop()
        await task


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only where the protocol is named; each answer, being
    # written in two parts, would else wait 40 ms for the client's delayed ACK.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener
