"""E-mail over SMTP (RFC 5321), with the stages of a mail told apart.

aiosmtplib's own `sendmail` doesn't say whether a connection was lost before or after the final
dot, so the commands are given one by one here.
"""

import asyncio
import ssl
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass

from aiosmtplib import SMTP, SMTPException, SMTPResponse
from aiosmtplib import SMTPServerDisconnected as Disconnected

from channels.answer import kept
from channels.channel import Envelope, Outcome, Refused
from channels.mime import BadAddress, BadHeader, Sender, compose, mailbox, origin
from channels.smtp_pool import Connection, Pool, Server, Tls
from channels.smtp_verdict import CLOSING, Stage, failure, verdict
from core import clock

IDLE_SECONDS = 30.0
"""How long an idle connection is kept; servers close theirs after minutes."""


@dataclass(slots=True)
class Attempt:
    """One mail on its way; `content` ends with the final dot."""

    sender: str
    recipient: str
    content: bytes
    stage: Stage = Stage.WAIT

    def commands(self, client: SMTP) -> Iterator[tuple[Stage, tuple[bytes, ...], int]]:
        """What is said before the content, and the first digit of the answer that is hoped for."""
        sender = [b"MAIL", f"FROM:<{self.sender}>".encode("ascii")]
        if client.supports_extension("size"):
            sender.append(b"SIZE=%d" % len(self.content))
        yield Stage.MAIL, tuple(sender), 2
        yield Stage.RCPT, (b"RCPT", f"TO:<{self.recipient}>".encode("ascii")), 2
        yield Stage.DATA, (b"DATA",), 3


class Email:
    """E-mail as a Channel; opens its connections when they are needed."""

    name = "email"

    def __init__(
        self,
        host: str,
        port: int,
        sender: Sender,
        *,
        login: str = "",
        password: str = "",
        tls: Tls = "auto",
        tls_context: ssl.SSLContext | None = None,
        connections: int = 4,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        """Raises BadHeader or BadAddress for a sender that no mail could carry."""
        origin(sender)
        self.concurrency = connections
        self.provider = host
        self._sender = sender
        self.secrets = _forms_of(login, password) if password else ()
        """The password in all its forms."""
        server = Server(host, port, login, password, tls, tls_context)
        self._pool = Pool(server, connections, idle_seconds)

    async def send(self, envelope: Envelope, timeout_seconds: float) -> Outcome:
        """Try once, within the time given."""
        try:
            attempt = self._attempt(envelope)
        except BadAddress as error:
            return Refused("address", str(error), undeliverable=True, asked=False)
        except BadHeader as error:
            return Refused("header", str(error), asked=False)
        try:
            async with asyncio.timeout(timeout_seconds), self._pool.slots:
                return await self._deliver(attempt)
        except (SMTPException, OSError, UnicodeError) as error:
            return failure(error, attempt.stage, kept(_words(error), self.secrets))

    async def close(self) -> None:
        """Give up the kept connections."""
        self._pool.close()

    def _attempt(self, envelope: Envelope) -> Attempt:
        content = compose(self._sender, envelope, clock.now())
        stuffed = content.replace(b"\r\n.", b"\r\n..") + b".\r\n"
        return Attempt(mailbox(self._sender.address), mailbox(envelope.address), stuffed)

    async def _deliver(self, attempt: Attempt) -> Outcome:
        connection = self._pool.kept()
        outcome = await self._on_kept(connection, attempt) if connection else None
        return outcome or await self._converse(await self._connect(attempt), attempt)

    async def _on_kept(self, connection: Connection, attempt: Attempt) -> Outcome | None:
        """None if the server was closing the kept connection: then no attempt was made."""
        try:
            outcome = await self._converse(connection, attempt)
        except Disconnected:
            if attempt.stage > Stage.MAIL:
                raise
            return None
        was_closing = attempt.stage is Stage.MAIL and outcome.code == str(CLOSING)
        return None if was_closing else outcome

    async def _connect(self, attempt: Attempt) -> Connection:
        attempt.stage = Stage.CONNECT
        connection = await self._pool.connect()
        try:
            attempt.stage = Stage.GREET
            await self._pool.greet(connection)
            attempt.stage = Stage.LOGIN
            await self._pool.log_in(connection)
        except BaseException:
            connection.discard()
            raise
        return connection

    async def _converse(self, connection: Connection, attempt: Attempt) -> Outcome:
        try:
            stage, answer = await _conversation(connection, attempt)
        except BaseException:
            if connection.has_unsent:
                attempt.stage = min(attempt.stage, Stage.DATA)  # the final dot has not left
            connection.discard()
            raise
        self._pool.keep(connection)
        return verdict(answer.code, stage, kept(_valid(answer.message), self.secrets))


async def _conversation(connection: Connection, attempt: Attempt) -> tuple[Stage, SMTPResponse]:
    """Say everything, or as much as the server wants to hear; its last answer, and to what."""
    client = connection.client
    attempt.stage = Stage.MAIL
    if connection.within_mail and (await client.execute_command(b"RSET")).code != 250:
        raise Disconnected("the connection could not be used for another mail")
    connection.within_mail = True
    for stage, command, hoped_for in attempt.commands(client):
        attempt.stage = stage
        answer = await client.execute_command(*command)
        if answer.code // 100 != hoped_for:
            return stage, answer
    answer = await _hand_over(client, attempt)
    connection.within_mail = False
    return Stage.DOT, answer


async def _hand_over(client: SMTP, attempt: Attempt) -> SMTPResponse:
    """Write the content with its final dot, and wait for the answer that counts."""
    protocol = client.protocol
    if protocol is None:
        raise Disconnected("connection lost")
    protocol.write(attempt.content)
    attempt.stage = Stage.DOT
    answer = await protocol.read_response()
    if answer.code == CLOSING:
        client.close()
    return answer


def _words(error: Exception) -> str:
    text = error.message if isinstance(error, SMTPException) else str(error)
    return _valid(text) or type(error).__name__


def _valid(text: str) -> str:
    """aiosmtplib's text, in which octets that are not UTF-8 are lone surrogates."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _forms_of(login: str, password: str) -> tuple[str, ...]:
    """The password as itself and as AUTH writes it, for blotting it out of answers."""
    plain = (password, f"\0{login}\0{password}")
    forms = (password, *(b64encode(text.encode("utf-8")).decode("ascii") for text in plain))
    return tuple(sorted(forms, key=len, reverse=True))
