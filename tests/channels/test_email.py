"""What each answer, loss and silence of a real SMTP server means for the mail."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, TypeAlias

import pytest

from channels.channel import ANSWER_LIMIT, Envelope, Outcome, Refused, Retry, Sent, Unknown
from channels.email import Email
from channels.mime import BadAddress, Sender
from local.mail_faults import CLOSE, STALL, MailFaults
from local.ports import free_port
from local.smtp_sink import Sink

BELFRY = Sender("Belfry", "belfry@example.com")
PATIENCE = 30.0
SHORT = 1.0

Opened: TypeAlias = Callable[..., Email]


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
async def port(sink: Sink) -> AsyncIterator[int]:
    async with sink.listening() as port:
        yield port


@pytest.fixture
async def opened() -> AsyncIterator[Opened]:
    """Opens channels, and closes them when the test is over."""
    emails: list[Email] = []

    def open_email(port: int, *, host: str = "127.0.0.1", **options: Any) -> Email:
        emails.append(Email(host, port, BELFRY, **options))
        return emails[-1]

    yield open_email
    for email in emails:
        await email.close()


@pytest.fixture
def email(port: int, opened: Opened) -> Email:
    return opened(port, tls="none")


def envelope(**changes: str) -> Envelope:
    fields = {"address": "ada@example.org", "text": "Hello", "subject": "A bell"} | changes
    return Envelope(message_id="0c9d-1", number=1, **fields)


def meaning(outcome: Outcome) -> Outcome:
    """The outcome without the server's words."""
    return replace(outcome, answer="")


async def test_a_mail_arrives_as_it_was_sent(sink: Sink, email: Email) -> None:
    text = ".\n..\n.hidden\nЗвон\n"
    outcome = await email.send(envelope(subject="Новость", text=text), PATIENCE)
    assert outcome == Sent("250", "2.0.0 kept")
    (mail,) = sink.mails
    assert (mail.sender, mail.recipients) == ("belfry@example.com", ("ada@example.org",))
    assert (mail.headers["Subject"], mail.text) == ("Новость", text)
    assert mail.headers["Message-ID"] == "<0c9d-1@example.com>"


async def test_a_domain_in_another_script_is_addressed_by_idna(sink: Sink, email: Email) -> None:
    assert meaning(await email.send(envelope(address="ada@пример.рф"), PATIENCE)) == Sent("250")
    assert sink.mails[0].recipients == ("ada@xn--e1afmkfd.xn--p1ai",)


@pytest.mark.parametrize(
    ("stage", "answer", "expected"),
    [
        ("greeting", "421 too busy", Retry("421")),
        ("greeting", "554 go away", Retry("554")),
        ("ehlo", "421 too busy", Retry("421")),
        ("mail", "451 later", Retry("451")),
        ("mail", "421 closing", Retry("421")),
        ("mail", "530 5.7.0 log in first", Retry("auth")),
        ("mail", "553 not from you", Refused("553", about_provider=True)),
        ("rcpt", "450 greylisted", Retry("450", about_provider=False)),
        ("rcpt", "452 too many for now", Retry("452", about_provider=False)),
        ("rcpt", "421 closing", Retry("421")),
        ("rcpt", "530 5.7.0 log in first", Retry("auth")),
        ("rcpt", "550 5.1.1 unknown here", Refused("550", undeliverable=True)),
        ("data", "451 later", Retry("451")),
        ("data", "554 no", Refused("554", about_provider=True)),
        ("data", "450 later", Retry("450", about_provider=False)),
        ("dot", "451 later", Retry("451")),
        ("dot", "452 disk full", Retry("452", about_provider=False)),
        ("dot", "421 closing", Retry("421")),
        ("dot", "554 looks like spam", Refused("554", about_provider=True)),
    ],
)
async def test_a_clear_answer_is_taken_at_its_word(
    sink: Sink, email: Email, stage: str, answer: str, expected: Outcome
) -> None:
    sink.faults = MailFaults.model_validate({stage: answer})
    outcome = await email.send(envelope(), PATIENCE)
    assert meaning(outcome) == expected
    assert outcome.answer == answer[4:]
    assert not sink.mails


@pytest.mark.parametrize("stage", ["greeting", "ehlo", "mail", "rcpt", "data"])
@pytest.mark.parametrize("trouble", ["potatoes", CLOSE, STALL])
async def test_trouble_before_the_final_dot_is_no_delivery(
    sink: Sink, email: Email, stage: str, trouble: str
) -> None:
    sink.faults = MailFaults.model_validate({stage: trouble})
    outcome = await email.send(envelope(), SHORT if trouble == STALL else PATIENCE)
    code = {"potatoes": "garbage", CLOSE: "lost", STALL: "timeout"}[trouble]
    if stage == "greeting" and trouble != "potatoes":
        code = "unreachable"
    assert meaning(outcome) == Retry(code)
    assert not sink.mails


@pytest.mark.parametrize(
    ("trouble", "code"), [("potatoes", "garbage"), (CLOSE, "lost"), (STALL, "lost")]
)
async def test_trouble_after_the_final_dot_leaves_it_open(
    sink: Sink, email: Email, trouble: str, code: str
) -> None:
    sink.faults = MailFaults(dot=trouble)
    outcome = await email.send(envelope(), SHORT if trouble == STALL else PATIENCE)
    assert meaning(outcome) == Unknown(code)
    assert len(sink.mails) == 1, "the server did take it"
    sink.faults = MailFaults()
    assert meaning(await email.send(envelope(), PATIENCE)) == Sent("250")


async def test_a_server_that_knows_only_helo_will_do(sink: Sink, email: Email) -> None:
    sink.faults = MailFaults(ehlo="502 what?")
    assert meaning(await email.send(envelope(), PATIENCE)) == Sent("250")


async def test_a_mail_stuck_in_our_own_buffer_has_not_been_delivered(opened: Opened) -> None:
    async with DeafServer().listening() as server:
        email = opened(server.port, tls="none")
        long_text = ("x" * 78 + "\n") * 100_000
        outcome = await email.send(envelope(text=long_text), 1.0)
        assert meaning(outcome) == Retry("timeout")
        heard = await server.hear_the_rest()
        assert b"xxxx" in heard and b"\r\n.\r\n" not in heard, "nor will it be, later on"


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-host.invalid", "no..such..host"])
async def test_a_server_that_cannot_be_reached_is_tried_again_later(
    host: str, opened: Opened
) -> None:
    email = opened(free_port(), host=host)
    assert meaning(await email.send(envelope(), PATIENCE)) == Retry("unreachable")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"subject": "A bell\r\nBcc: eve@example.net"}, Refused("header", asked=False)),
        (
            {"address": "ada@example.org\r\nRCPT TO:<eve@example.net>"},
            Refused("header", asked=False),
        ),
        ({"address": "ada@example.org\0"}, Refused("header", asked=False)),
        ({"address": "àda@example.org"}, Refused("address", undeliverable=True, asked=False)),
        (
            {"address": "ada@example.org> SIZE=1"},
            Refused("address", undeliverable=True, asked=False),
        ),
        ({"address": "ada"}, Refused("address", undeliverable=True, asked=False)),
    ],
)
async def test_a_bad_header_or_address_never_reaches_the_server(
    sink: Sink, email: Email, changes: dict[str, str], expected: Outcome
) -> None:
    assert meaning(await email.send(envelope(**changes), PATIENCE)) == expected
    assert sink.connections == 0


def test_a_sender_that_no_mail_could_carry_is_refused_at_once() -> None:
    with pytest.raises(BadAddress):
        Email("127.0.0.1", 25, Sender("Belfry", "belfry"))


async def test_an_answer_is_cut_and_made_valid(opened: Opened) -> None:
    async with DeafServer(greeting=b"554 caf\xe9 " + b"x" * 3_000).listening() as server:
        outcome = await opened(server.port).send(envelope(), PATIENCE)
        assert outcome.code == "554"
        assert outcome.answer.startswith("caf\ufffd xxx")
        assert len(outcome.answer) == ANSWER_LIMIT


async def test_a_mail_for_which_no_connection_is_free_in_time_waits_for_another_try(
    sink: Sink, port: int, opened: Opened
) -> None:
    email = opened(port, connections=1, tls="none")
    sink.faults = MailFaults(mail=STALL)
    stalled = asyncio.create_task(email.send(envelope(), 3 * SHORT))
    await asyncio.sleep(0)  # lets it take the only connection
    assert meaning(await email.send(envelope(), SHORT)) == Retry("busy", about_provider=False)
    assert meaning(await stalled) == Retry("timeout")


class DeafServer:
    """Speaks SMTP, but reads on after DATA only when told to."""

    def __init__(self, greeting: bytes = b"220 hello") -> None:
        self._greeting, self.port = greeting, free_port()
        self._ears_open = asyncio.Event()
        self._rest: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["DeafServer"]:
        listener = socket.create_server(("127.0.0.1", self.port))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        async with await asyncio.start_server(self._converse, sock=listener):
            yield self

    async def hear_the_rest(self) -> bytes:
        self._ears_open.set()
        return await self._rest

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self._greeting + b"\r\n")
        while command := await reader.readline():
            is_data = command == b"DATA\r\n"
            writer.write(b"354 go on\r\n" if is_data else b"250 OK\r\n")
            if is_data:
                await self._listen(reader)
        writer.close()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        await self._ears_open.wait()
        heard = b""
        try:
            while chunk := await reader.read(65536):
                heard += chunk
        except ConnectionError:
            pass
        self._rest.set_result(heard)
