"""An SMTP server that keeps what it gets, in the running loop, with faults to order."""

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import AsyncIterator
from typing import Any, AnyStr, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from core import clock
from local.mail import Mail
from local.mail_faults import CLOSE, LEAVE, STALL, MailDice, MailFaults, Stage

KEPT = 10_000
"""Mails kept; the oldest falls out."""

KEPT_OCTETS = 256 * 1024 * 1024
"""Octets of mails kept."""

SIZE_LIMIT = 16 * 1024 * 1024
"""Octets of one mail; a bigger one is answered 552."""


class Sink:
    """Keeps the last mails. `faults` may be set at any time."""

    def __init__(
        self,
        *,
        keep: int = KEPT,
        tls: ssl.SSLContext | None = None,
        login: tuple[str, str] | None = None,
    ) -> None:
        """Offer STARTTLS if there is a TLS context, AUTH if there is a login with its password."""
        self.mails: deque[Mail] = deque()
        self.connections = 0
        """How many were opened so far."""
        self.tls = tls
        self.login = login
        self.dice = MailDice()
        self.conversations: set[Conversation] = set()
        """Those under way."""
        self._keep = keep
        self._octets = 0

    @contextlib.asynccontextmanager
    async def listening(
        self, host: str = "127.0.0.1", port: int = 0, *, tls: ssl.SSLContext | None = None
    ) -> AsyncIterator[int]:
        """Listen as long as the block runs, with TLS from the first byte if `tls` is given.

        Gives the port; port 0 takes a free one. Raises OSError if it is taken.
        """
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Conversation(self, loop), host, port, ssl=tls)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            await asyncio.gather(*(conversation.end() for conversation in self.conversations))
            await server.wait_closed()

    @property
    def faults(self) -> MailFaults:
        """The knobs; setting them begins a fresh series of draws."""
        return self.dice.faults

    @faults.setter
    def faults(self, faults: MailFaults) -> None:
        self.dice = MailDice(faults)

    def to(self, address: str) -> list[Mail]:
        """The mails for an address, oldest first."""
        return [mail for mail in self.mails if address in mail.recipients]

    def clear(self) -> None:
        """Forget the mails."""
        self.mails.clear()
        self._octets = 0

    def hang_up(self) -> None:
        """Close every connection at once, as a server does that restarts."""
        for conversation in self.conversations:
            conversation.break_off()

    def take(self, envelope: Envelope) -> None:
        """Keep a mail, and let the oldest go where the limits want it."""
        raw = bytes(envelope.original_content or b"")
        self.mails.append(
            Mail(clock.now(), envelope.mail_from or "", tuple(envelope.rcpt_tos), raw)
        )
        self._octets += len(raw)
        while len(self.mails) > self._keep or self._octets > KEPT_OCTETS:
            self._octets -= len(self.mails.popleft().raw)

    async def handle_RCPT(
        self,
        conversation: "Conversation",
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        """Answer a recipient."""
        if answer := self.dice.answer(Stage.RCPT, address):
            return await conversation.obey(answer)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(
        self, conversation: "Conversation", session: Session, envelope: Envelope
    ) -> str:
        """Answer a whole mail."""
        answer = self.dice.answer(Stage.DOT)
        if not answer.startswith(("4", "5")):
            self.take(envelope)
        if self.faults.latency_seconds:
            await asyncio.sleep(self.faults.latency_seconds)
        if not answer or answer == LEAVE:
            conversation.leaving = bool(answer)
            return "250 2.0.0 kept"
        return await conversation.obey(answer)


class Conversation(SMTP):
    """One client's connection."""

    def __init__(self, sink: Sink, loop: asyncio.AbstractEventLoop) -> None:
        """Speak for the sink."""
        super().__init__(
            sink,
            hostname="localhost",
            ident="Belfry's sink",
            data_size_limit=SIZE_LIMIT,
            tls_context=sink.tls,
            auth_require_tls=sink.login is None,
            authenticator=self._knows,
            loop=loop,
        )
        self.leaving = False
        self._sink = sink

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; after STARTTLS this comes a second time."""
        if self not in self._sink.conversations:
            self._sink.conversations.add(self)
            self._sink.connections += 1
        super().connection_made(transport)
        if self._handler_coroutine is not None:
            self._handler_coroutine.add_done_callback(_end_quietly)

    def connection_lost(self, error: Exception | None) -> None:
        """End."""
        self._sink.conversations.discard(self)
        super().connection_lost(error)

    def cut(self) -> None:
        """Close the connection, after what was written."""
        if self.transport is not None:
            self.transport.close()

    def break_off(self) -> None:
        """Close the connection, without what was written."""
        if self.transport is not None:
            cast(asyncio.WriteTransport, self.transport).abort()

    async def end(self) -> None:
        """Break off and wait until everything about the connection is gone."""
        task = self._handler_coroutine
        self.break_off()
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        if self in self._sink.conversations:  # aiosmtpd loses sight of a TLS handshake that fails
            self.connection_lost(None)

    async def obey(self, answer: str) -> str:
        """The answer to give, if one is to be given; else this comes to no end."""
        if answer == CLOSE:
            self.cut()
        if answer in (CLOSE, STALL):
            await asyncio.Event().wait()  # the end of the connection cancels this
        return answer

    async def push(self, status: AnyStr) -> None:
        """Answer; nothing comes after a 421."""
        await super().push(status)
        if self.leaving or str(status).startswith("421"):
            self.cut()

    async def _handle_client(self) -> None:
        if not await self._spoils(Stage.GREETING):
            await super()._handle_client()

    async def smtp_EHLO(self, hostname: str) -> None:
        """Answer EHLO."""
        if not await self._spoils(Stage.EHLO):
            await super().smtp_EHLO(hostname)

    async def smtp_MAIL(self, arg: str | None) -> None:
        """Answer MAIL FROM."""
        if not await self._spoils(Stage.MAIL):
            await super().smtp_MAIL(arg)

    async def smtp_DATA(self, arg: str) -> None:
        """Answer DATA and what follows it."""
        if not await self._spoils(Stage.DATA):
            await super().smtp_DATA(arg)

    async def _spoils(self, stage: Stage) -> bool:
        answer = self._sink.dice.answer(stage)
        if answer:
            await self.push(await self.obey(answer))
        return bool(answer)

    def _knows(
        self,
        conversation: SMTP,
        session: Session,
        envelope: Envelope,
        mechanism: str,
        credentials: Any,
    ) -> AuthResult:
        given = (credentials.login.decode(), credentials.password.decode())
        return AuthResult(success=given == self._sink.login, handled=False)


def _end_quietly(task: "asyncio.Task[None]") -> None:
    # A client that vanishes ends the task with an error that nobody waits for.
    if not task.cancelled():
        task.exception()
