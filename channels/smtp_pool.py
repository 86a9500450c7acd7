"""Connections to one SMTP server, kept between mails and closed when they are idle for long."""

import asyncio
import ssl
from collections import deque
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, cast

from aiosmtplib import SMTP, SMTPAuthenticationError, SMTPHeloError, SMTPStatus

from channels.sockets import drop_rest, keep_rest

Tls: TypeAlias = Literal["auto", "starttls", "tls", "none"]
"""As `smtp_tls` in the settings."""

IN_CLEAR = "the server offers no STARTTLS: SMTP_TLS=none would send the password in clear"

_START_TLS = {"auto": None, "starttls": True, "tls": False, "none": False}


@dataclass(frozen=True, slots=True)
class Server:
    """Where the mail goes, and how to get in."""

    host: str
    port: int
    login: str = ""
    password: str = field(default="", repr=False)
    tls: Tls = "auto"
    tls_context: ssl.SSLContext | None = field(default=None, repr=False)


class Connection:
    """One connection, past its greeting; `client.execute_command` speaks on it."""

    def __init__(self, client: SMTP) -> None:
        """Take over a client that is connected."""
        self.client = client
        self.within_mail = False
        """Whether a mail was begun and not ended, so that the next needs a RSET."""
        # The client forgets its transport when it closes, and it may hold an unsent rest.
        self._transport = cast(asyncio.WriteTransport, client.transport)
        self._socket = self._transport.get_extra_info("socket")
        drop_rest(self._socket)

    @property
    def alive(self) -> bool:
        """Whether it could be used again, as far as is known on this side."""
        return self.client.is_connected

    @property
    def has_unsent(self) -> bool:
        """Whether part of what was written has not left this process."""
        return self._transport.get_write_buffer_size() > 0

    def discard(self) -> None:
        """Close it without sending what is unsent: a mail given up must not leave later."""
        self._transport.abort()
        self.client.close()

    def hang_up(self) -> None:
        """Say goodbye and close, without waiting for the server's goodbye."""
        if self.alive and self.client.protocol is not None:
            keep_rest(self._socket)
            self.client.protocol.write(b"QUIT\r\n")
        self.client.close()


class Pool:
    """At most `size` connections at once, if every user holds one of the `slots`."""

    def __init__(self, server: Server, size: int, idle_seconds: float) -> None:
        """Open nothing yet."""
        self.slots = asyncio.Semaphore(size)
        self._server = server
        self._idle_seconds = idle_seconds
        self._idle: deque[tuple[float, Connection]] = deque()
        self._sweep: asyncio.TimerHandle | None = None
        self._host_name: str | None = None
        self._closed = False

    def kept(self) -> Connection | None:
        """The connection used last, so that those not needed grow old; None if none is left."""
        while self._idle:
            _, connection = self._idle.pop()
            if connection.alive:
                return connection
        return None

    async def connect(self) -> Connection:
        """A fresh connection, under TLS as the mode says; raises what aiosmtplib and ssl do."""
        server = self._server
        client = SMTP(
            hostname=server.host,
            port=server.port,
            local_hostname=self._host_name,
            timeout=None,
            use_tls=server.tls == "tls",
            start_tls=_START_TLS[server.tls],
            tls_context=server.tls_context,
        )
        await client.connect()
        self._host_name = client.local_hostname
        return Connection(client)

    async def greet(self, connection: Connection) -> None:
        """EHLO, or HELO where that is all that is known; raises what aiosmtplib does."""
        client = connection.client
        if client.is_ehlo_or_helo_needed:
            try:
                await client.ehlo()
            except SMTPHeloError:
                if not client.is_connected:
                    raise
                await client.helo()

    async def log_in(self, connection: Connection) -> None:
        """Log in if there is a login; raises what aiosmtplib does.

        Never in clear unless the mode says so: whoever stands in between could hide STARTTLS.
        """
        server, client = self._server, connection.client
        if not server.login:
            return
        encrypted = client.transport is not None and client.get_transport_info("sslcontext")
        if server.tls == "auto" and not encrypted:
            raise SMTPAuthenticationError(SMTPStatus.auth_failed, IN_CLEAR)
        await client.login(server.login, server.password)

    def keep(self, connection: Connection) -> None:
        """Take a connection back."""
        if connection.has_unsent:  # refused early, in the middle of a long mail
            connection.discard()
        elif self._closed or not connection.alive:
            connection.hang_up()
        else:
            self._rest(connection)

    def _rest(self, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        self._idle.append((loop.time(), connection))
        if self._sweep is None:
            self._sweep = loop.call_later(self._idle_seconds, self._close_idle)

    def close(self) -> None:
        """Hang up every idle connection now, and the others when they come back."""
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        while self._idle:
            self._idle.pop()[1].hang_up()

    def _close_idle(self) -> None:
        loop = asyncio.get_running_loop()
        while self._idle and self._idle[0][0] + self._idle_seconds <= loop.time():
            self._idle.popleft()[1].hang_up()
        self._sweep = None
        if self._idle:
            self._sweep = loop.call_at(self._idle[0][0] + self._idle_seconds, self._close_idle)
