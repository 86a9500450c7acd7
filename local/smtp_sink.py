"""An SMTP server that keeps what it gets, in the running loop, with faults to order."""

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import AsyncIterator

from aiosmtpd.smtp import Envelope, Session

from core import clock
from local.ledger import Ledger
from local.mail import Mail
from local.mail_faults import DROP, LEAVE, MailDice, MailFaults, Stage
from local.smtp_conversation import Conversation

KEPT = 10_000
"""Mails kept; the oldest falls out."""

KEPT_OCTETS = 256 * 1024 * 1024
"""Octets of mails kept."""


class Sink:
    """Keeps the last mails. `faults` may be set at any time."""

    def __init__(
        self,
        *,
        keep: int = KEPT,
        tls: ssl.SSLContext | None = None,
        login: tuple[str, str] | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        """Offer STARTTLS if there is a TLS context, AUTH if there is a login with its password.

        Every mail taken is written into the ledger, once for each recipient.
        """
        self.ledger = ledger or Ledger()
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
        """Forget the mails, in the ledger as well."""
        self.ledger.clear()
        self.mails.clear()
        self._octets = 0

    def hang_up(self) -> None:
        """Close every connection at once, as a server does that restarts."""
        for conversation in self.conversations:
            conversation.break_off()

    def take(self, envelope: Envelope) -> None:
        """Keep a mail, and let the oldest go where the limits want it."""
        raw = bytes(envelope.original_content or b"")
        mail = Mail(clock.now(), envelope.mail_from or "", tuple(envelope.rcpt_tos), raw)
        for recipient in mail.recipients:
            self.ledger.accept(mail.ident, mail.at, address=recipient, text=mail.text)
        self.mails.append(mail)
        self._octets += len(raw)
        while len(self.mails) > self._keep or self._octets > KEPT_OCTETS:
            self._octets -= len(self.mails.popleft().raw)

    async def handle_RCPT(
        self,
        conversation: Conversation,
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
        self, conversation: Conversation, session: Session, envelope: Envelope
    ) -> str:
        """Answer a whole mail."""
        answer = self.dice.answer(Stage.DOT)
        if not answer.startswith(("4", "5", DROP)):
            self.take(envelope)
        if self.faults.latency_seconds:
            await asyncio.sleep(self.faults.latency_seconds)
        if not answer or answer == LEAVE:
            conversation.leaving = bool(answer)
            return "250 2.0.0 kept"
        return await conversation.obey(answer)
