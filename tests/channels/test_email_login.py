"""Logging in to a real SMTP server; the password stays between the two."""

import logging
from collections.abc import AsyncIterator

import pytest

from channels.channel import Envelope, Refused, Retry, Sent
from channels.email import Email
from channels.mime import Sender
from local.mail_faults import MailFaults
from local.smtp_sink import Sink

BELFRY = Sender("Belfry", "belfry@example.com")
LETTER = Envelope("0c9d-1", 1, "ada@example.org", "Hello", "A bell")
PASSWORD = "hunter-22"
PATIENCE = 30.0


@pytest.fixture
def sink() -> Sink:
    return Sink(login=("belfry", PASSWORD))


@pytest.fixture
async def port(sink: Sink) -> AsyncIterator[int]:
    async with sink.listening() as port:
        yield port


@pytest.fixture
async def email(port: int) -> AsyncIterator[Email]:
    email = Email("127.0.0.1", port, BELFRY, login="belfry", password=PASSWORD, tls="none")
    yield email
    await email.close()


async def test_with_the_right_password_the_mail_goes_out(email: Email) -> None:
    assert isinstance(await email.send(LETTER, PATIENCE), Sent)


@pytest.mark.parametrize("offered", [True, False])
async def test_a_login_that_fails_is_not_the_fault_of_the_mail(offered: bool) -> None:
    sink = Sink(login=("belfry", "another")) if offered else Sink()
    async with sink.listening() as port:
        email = Email("127.0.0.1", port, BELFRY, login="belfry", password=PASSWORD, tls="none")
        outcome = await email.send(LETTER, PATIENCE)
        assert isinstance(outcome, Retry) and outcome.code == "auth"
        assert not sink.mails


@pytest.mark.parametrize("form", [PASSWORD, "aHVudGVyLTIy", "AGJlbGZyeQBodW50ZXItMjI="])
async def test_a_password_that_the_server_repeats_is_kept_nowhere(
    sink: Sink, email: Email, caplog: pytest.LogCaptureFixture, form: str
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.WARNING, "mail.log")  # the sink's own log sees what it is sent
    sink.faults = MailFaults(rcpt=f"550 {form} is your password")
    outcome = await email.send(LETTER, PATIENCE)
    assert outcome == Refused("550", "*** is your password", undeliverable=True)
    assert form not in caplog.text + repr(email)


async def test_a_password_leaves_in_clear_only_where_the_setting_says_so(
    port: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    email = Email("127.0.0.1", port, BELFRY, login="belfry", password=PASSWORD)
    outcome = await email.send(LETTER, PATIENCE)
    await email.close()
    assert isinstance(outcome, Retry) and outcome.code == "auth"
    assert "SMTP_TLS=none" in outcome.answer
    assert ">> b'AUTH" not in caplog.text
