"""One client's connection to the SMTP sink: aiosmtpd's protocol, with answers to order."""

import asyncio
import ssl
from typing import Any, AnyStr, Protocol, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from local.mail_faults import CLOSE, DROP, STALL, MailDice, Stage

SIZE_LIMIT = 16 * 1024 * 1024
"""Octets of one mail; a bigger one is answered 552."""


class Host(Protocol):
    """What a conversation needs of the sink that it speaks for; its hooks are aiosmtpd's."""

    connections: int
    tls: ssl.SSLContext | None
    login: tuple[str, str] | None
    dice: MailDice
    conversations: "set[Conversation]"


class Conversation(SMTP):
    """One client's connection."""

    def __init__(self, sink: Host, loop: asyncio.AbstractEventLoop) -> None:
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
        self._spoiled_content = ""
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
        if answer in (CLOSE, DROP):
            self.cut()
        if answer in (CLOSE, DROP, STALL):
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
            if self.envelope is not None and self.envelope.rcpt_tos:
                self._spoiled_content = self._sink.dice.answer(Stage.CONTENT)
            await super().smtp_DATA(arg)

    def data_received(self, data: bytes) -> None:
        """Hear the client, unless it is not to be heard any more."""
        if self._spoiled_content == CLOSE:
            self.break_off()
        elif not self._spoiled_content:
            super().data_received(data)

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
