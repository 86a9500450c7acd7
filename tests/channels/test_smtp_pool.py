"""Connections are kept, renewed, protected and given up as a real SMTP server sees it."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeAlias

import pytest
import trustme

from channels.channel import Envelope, Retry, Sent
from channels.email import Email
from channels.mime import Sender
from channels.smtp_pool import Server, Tls
from local.mail_faults import CLOSE, LEAVE, STALL, MailDice, MailFaults, Stage
from local.smtp_sink import Sink

BELFRY = Sender("Belfry", "belfry@example.com")
LETTER = Envelope("0c9d-1", 1, "ada@example.org", "Hello", "A bell")
PATIENCE = 30.0

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
    return opened(port)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def offered(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture
def trusted(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def is_sent(email: Email) -> bool:
    return isinstance(await email.send(LETTER, PATIENCE), Sent)


async def all_closed(sink: Sink) -> None:
    async with asyncio.timeout(PATIENCE):
        while sink.conversations:
            await asyncio.sleep(0.01)


def is_private(sink: Sink) -> bool:
    """Whether the only connection is under TLS."""
    (conversation,) = sink.conversations
    assert conversation.transport is not None
    return conversation.transport.get_extra_info("sslcontext") is not None


async def test_a_connection_is_kept_for_the_next_mail(sink: Sink, email: Email) -> None:
    assert await is_sent(email) and await is_sent(email)
    assert (len(sink.mails), sink.connections) == (2, 1)


async def test_there_are_never_more_connections_than_allowed(
    sink: Sink, port: int, opened: Opened
) -> None:
    email = opened(port, connections=3)
    assert all(await asyncio.gather(*(is_sent(email) for _ in range(30))))
    assert (len(sink.mails), sink.connections) == (30, 3)


async def test_a_kept_connection_that_went_stale_is_replaced_at_once(
    sink: Sink, email: Email
) -> None:
    assert await is_sent(email)
    sink.hang_up()  # its end is still on the way to the client
    assert await is_sent(email)
    assert (len(sink.mails), sink.connections) == (2, 2)


async def test_a_kept_connection_that_the_server_left_long_ago_is_not_tried(
    sink: Sink, email: Email
) -> None:
    sink.faults = MailFaults(dot=LEAVE)
    assert await is_sent(email)
    await all_closed(sink)
    assert await is_sent(email)
    assert sink.connections == 2


class OnceAtMail(MailDice):
    """Gives one answer to the first MAIL that it sees."""

    def __init__(self, answer: str) -> None:
        super().__init__()
        self._answer = answer

    def answer(self, stage: Stage, recipient: str = "") -> str:
        if stage is not Stage.MAIL:
            return ""
        answer, self._answer = self._answer, ""
        return answer


@pytest.mark.parametrize("trouble", ["421 idle for too long", CLOSE])
async def test_a_kept_connection_that_ends_at_the_first_command_costs_no_attempt(
    sink: Sink, email: Email, trouble: str
) -> None:
    assert await is_sent(email)
    sink.dice = OnceAtMail(trouble)
    assert await is_sent(email)
    assert (len(sink.mails), sink.connections) == (2, 2)


async def test_a_refused_mail_does_not_cost_the_connection(sink: Sink, email: Email) -> None:
    for faults in (MailFaults(rcpt="550 no"), MailFaults(data="451 no"), MailFaults(dot="554 no")):
        sink.faults = faults
        assert not await is_sent(email)
        sink.faults = MailFaults()
        assert await is_sent(email)
    assert sink.connections == 1


async def test_a_cancelled_mail_gives_its_place_back(sink: Sink, port: int, opened: Opened) -> None:
    email = opened(port, connections=1)
    sink.faults = MailFaults(dot=STALL)
    sending = asyncio.create_task(email.send(LETTER, PATIENCE))
    async with asyncio.timeout(PATIENCE):
        while not sink.mails:
            await asyncio.sleep(0.01)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    sink.faults = MailFaults()
    assert await is_sent(email)
    assert sink.connections == 2


async def test_idle_connections_are_closed(sink: Sink, port: int, opened: Opened) -> None:
    email = opened(port, idle_seconds=0.05)
    assert all(await asyncio.gather(is_sent(email), is_sent(email)))
    await all_closed(sink)
    assert await is_sent(email)
    await all_closed(sink)


async def test_closing_gives_up_the_connections_of_now_and_later(sink: Sink, email: Email) -> None:
    assert await is_sent(email)
    await email.close()
    await all_closed(sink)
    assert await is_sent(email)
    await all_closed(sink)


@pytest.mark.parametrize("mode", ["auto", "starttls"])
async def test_starttls_is_taken_where_it_is_offered(
    offered: ssl.SSLContext, trusted: ssl.SSLContext, mode: Tls, opened: Opened
) -> None:
    sink = Sink(tls=offered)
    async with sink.listening() as port:
        email = opened(port, host="localhost", tls=mode, tls_context=trusted)
        assert await is_sent(email) and await is_sent(email)
        assert is_private(sink) and sink.connections == 1


async def test_tls_from_the_first_byte(
    offered: ssl.SSLContext, trusted: ssl.SSLContext, opened: Opened
) -> None:
    sink = Sink()
    async with sink.listening(tls=offered) as port:
        email = opened(port, host="localhost", tls="tls", tls_context=trusted)
        assert await is_sent(email)
        assert is_private(sink)


@pytest.mark.parametrize("mode", ["auto", "none"])
async def test_without_an_offer_or_a_wish_the_mail_goes_in_the_clear(
    sink: Sink, port: int, mode: Tls, opened: Opened
) -> None:
    email = opened(port, tls=mode)
    assert await is_sent(email)
    assert not is_private(sink)


async def test_tls_that_is_wished_for_and_not_offered_is_a_failure(
    port: int, opened: Opened
) -> None:
    for mode in ("starttls", "tls"):
        outcome = await opened(port, tls=mode).send(LETTER, PATIENCE)
        assert isinstance(outcome, Retry) and outcome.code == "tls"


@pytest.mark.parametrize("mode", ["auto", "starttls", "tls"])
async def test_a_server_that_nobody_vouches_for_gets_nothing(
    offered: ssl.SSLContext, mode: Tls, opened: Opened
) -> None:
    sink = Sink(tls=offered)
    async with sink.listening(tls=offered if mode == "tls" else None) as port:
        outcome = await opened(port, host="localhost", tls=mode).send(LETTER, PATIENCE)
        assert isinstance(outcome, Retry) and outcome.code == "tls"
        assert not sink.mails


def test_a_server_shows_no_password() -> None:
    assert "hunter" not in repr(Server("127.0.0.1", 25, "belfry", "hunter-22"))
