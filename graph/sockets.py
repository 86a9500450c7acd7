"""All sockets of this process: who may open one, which of them have to go, and the way out."""

import asyncio
import random
from datetime import datetime
from http import HTTPStatus
from typing import Any

from pymongo.errors import PyMongoError
from strawberry.http.websocket_origin import is_same_origin, normalize_origin
from uvicorn.middleware.proxy_headers import _TrustedHosts
from uvicorn.server import ServerState
from websockets.http11 import Request

from core import clock, events
from core.parts import Parts
from core.settings import Settings
from graph import gate
from graph.socket import Socket
from graph.socket_codes import Code
from graph.socket_line import Line
from graph.socket_places import Places
from graph.socket_remains import Remains
from rules.roles import Principal
from services import api_keys

PATH = "/graphql"
ROUND_SECONDS = 0.5
"""How often all sockets are looked at, instead of a timer for each."""
SLICE = 1_000
"""Sockets looked at without a pause."""
PATROL_SECONDS = 15.0
CLOSE_SECONDS = 5.0
"""How long a peer may take over its side of a close."""
SPREAD_SECONDS = 2.0
"""At the end of a process its clients are sent away over this time, not all at once."""
SPREAD_SHARE = 0.25
"""Most of DRAIN_SECONDS that this may take."""
LAST_SHARE = 0.8
"""Of DRAIN_SECONDS, after which nothing under way is waited for."""


class Sockets:
    """The sockets of a process, and uvicorn's way to make one."""

    def __init__(self, settings: Settings, allowed_origins: tuple[str, ...]) -> None:
        """Pages of other origins may connect only if they are allowed."""
        self.settings = settings
        self.ready = asyncio.Event()
        """Until it is set, sockets are closed at once for a passing reason."""
        self._origins = frozenset(allowed_origins)
        # uvicorn's own reading of X-Forwarded-For, as for HTTP; it has no public name.
        self._proxies = _TrustedHosts(settings.forwarded_allow_ips)
        self._parts: Parts | None = None
        self._open: dict[Line, Socket] = {}
        self._places = Places(settings)
        self.remains = Remains()
        self._leaving_at: float | None = None

    @property
    def parts(self) -> Parts:
        """What resolvers work with; there from the start of `run` on."""
        assert self._parts is not None
        return self._parts

    def line(self, *, server_state: ServerState, **_: Any) -> Line:  # noqa: ANN401 - uvicorn's own
        """What uvicorn makes for each request to upgrade."""
        return Line(self, server_state)

    def refusal(self, line: Line, request: Request) -> tuple[int, str] | None:
        """A status and a message for an upgrade that is refused."""
        path, _, _ = request.path.partition("?")
        if path != PATH:
            return HTTPStatus.NOT_FOUND, f"sockets are at {PATH}"
        if not self._may_come_from(_header(request, "Origin"), request):
            return HTTPStatus.FORBIDDEN, "pages of this origin are not in ALLOWED_ORIGINS"
        if not self._has_room(gate.network(self._peer(line, request))):
            return HTTPStatus.SERVICE_UNAVAILABLE, "no room for another socket just now"
        return None

    def opened(self, line: Line, request: Request) -> Socket:
        """Take a new line, whose handshake has been answered."""
        socket = Socket(self, line, _header(request, "Authorization"), self._peer(line, request))
        self._open[line] = socket
        events.note("socket.opened")
        if not self.ready.is_set():
            line.close(Code.LATER, "starting; try again shortly")
        elif line.subprotocol is None:
            line.close(Code.BAD_PROTOCOL, "Subprotocol not acceptable")
        else:
            self._places.arrive(socket)
        return socket

    def ended(self, line: Line) -> None:
        """Forget a line."""
        if self._open.pop(line, None) is not None:
            events.note("socket.closed")

    def greet(self, socket: Socket, principal: Principal | None) -> bool:
        """Count a socket to its principal; whether it may have one more."""
        return self._places.greet(socket, principal)

    def forget(self, socket: Socket) -> None:
        """A socket is over."""
        self._places.forget(socket)

    def leave(self, line: Line) -> None:
        """Close a line soon, since the process stops."""
        loop = asyncio.get_running_loop()
        self._leaving_at = self._leaving_at or loop.time()
        if (socket := self._open.get(line)) is None:
            line.abort()
            return
        spread = min(SPREAD_SECONDS, self.settings.drain_seconds * SPREAD_SHARE)
        delay = random.uniform(0, spread)  # noqa: S311 - nothing to guess
        loop.call_later(delay, socket.leave)
        last = self.settings.drain_seconds * LAST_SHARE
        loop.call_later(last, line.close, Code.RESTART, "restarting; connect again")

    async def run(self, parts: Parts) -> None:
        """Look after the sockets until cancelled; then nothing of them is left."""
        self._parts = parts
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._rounds())
                group.create_task(self._patrol())
                group.create_task(self._hear_of_revoked_keys())
        finally:
            for line in list(self._open):
                line.abort()
            await self.remains.settle(self._left())

    def _left(self) -> float:
        """Seconds of DRAIN_SECONDS that are left."""
        now = asyncio.get_running_loop().time()
        return max(0.0, (self._leaving_at or now) + self.settings.drain_seconds - now)

    async def _rounds(self) -> None:
        while True:
            await asyncio.sleep(ROUND_SECONDS)
            self.remains.look()
            every = list(self._open.items())
            for start in range(0, len(every), SLICE):
                now, today = asyncio.get_running_loop().time(), clock.now()
                for line, socket in every[start : start + SLICE]:
                    self._look(line, socket, now, today)
                await asyncio.sleep(0)

    def _look(self, line: Line, socket: Socket, now: float, today: datetime) -> None:
        ping = self.settings.socket_ping_seconds
        if line.closing_at is not None:
            if now - line.closing_at > CLOSE_SECONDS:
                line.abort()
            return
        if (since := line.unread_since(now)) is not None:
            # Nothing is heard of it meanwhile.
            if now - since > self.settings.socket_send_seconds:
                self._cut(line, "does not read")
        elif line.pinged_at is not None:
            # Not by when it was heard: this process may have been the one that was away.
            if now - line.pinged_at > ping:
                self._cut(line, "is silent")
        elif now - line.heard_at > ping:
            line.ping()
        socket.overdue(now, today)

    @staticmethod
    def _cut(line: Line, why: str) -> None:
        events.emit("socket.cut", why=why)
        line.abort()

    async def _hear_of_revoked_keys(self) -> None:
        async with self.parts.wakeups.listen(api_keys.REVOKED) as waiter:
            while True:
                told = await waiter.take()
                if told is None:
                    await self._check_keys()
                else:
                    key_ids = {payload.decode(errors="replace") for payload in told}
                    api_keys.forget(key_ids)  # else the cache would let them in again
                    self._turn_out(key_ids)

    async def _patrol(self) -> None:
        while True:
            await asyncio.sleep(PATROL_SECONDS)
            await self._check_keys()

    async def _check_keys(self) -> None:
        known = (each.principal for each in self._open.values())
        keys = {each.key_id for each in known if each is not None and each.key_id is not None}
        try:
            if keys:
                self._turn_out(keys - await api_keys.still_good(keys))
        except PyMongoError as error:
            # The next round asks again.
            events.emit("sockets.patrol.failed", error=str(error))

    def _turn_out(self, key_ids: set[str]) -> None:
        for line, socket in list(self._open.items()):
            if socket.principal is not None and socket.principal.key_id in key_ids:
                line.close(Code.FORBIDDEN, "the API key was revoked")

    def _peer(self, line: Line, request: Request) -> str | None:
        """The address a socket came from, as far as trusted proxies tell it."""
        said = _header(request, "X-Forwarded-For")
        if said and line.peer in self._proxies:
            return self._proxies.get_trusted_client_address(said)[0] or line.peer
        return line.peer

    def _has_room(self, network: str) -> bool:
        return (
            self._leaving_at is None
            and len(self._open) < self.settings.sockets
            and self._places.has_room(network)
        )

    def _may_come_from(self, origin: str | None, request: Request) -> bool:
        """Whether a page of this origin may connect; what names none is no browser."""
        if origin is None or "*" in self._origins:
            return True
        # Behind a proxy Host may be another name than the page's.
        if _header(request, "Sec-Fetch-Site") == "same-origin":
            return True
        if is_same_origin(origin, _header(request, "Host")):
            return True
        return normalize_origin(origin) in self._origins


def _header(request: Request, name: str) -> str | None:
    """A header's value; of one that was sent twice, what no rule will take for good."""
    return ", ".join(request.headers.get_all(name)) or None
