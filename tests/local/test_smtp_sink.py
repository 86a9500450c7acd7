"""The SMTP sink keeps what it gets, shows it, and fails as it is told."""

import asyncio
import json
from collections.abc import AsyncIterator
from email.message import EmailMessage
from typing import Any

import aiohttp
import aiosmtplib
import pytest

from local.mail_faults import CLOSE, DROP, LEAVE, STALL, MailFaults
from local.mail_page import mail_page
from local.serving import serving
from local.smtp_conversation import SIZE_LIMIT
from local.smtp_sink import Sink

RAW = b"Subject: A bell\r\n\r\n.Hello\r\n"


@pytest.fixture
def sink() -> Sink:
    return Sink(keep=5)


@pytest.fixture
async def port(sink: Sink) -> AsyncIterator[int]:
    async with sink.listening() as port:
        yield port


@pytest.fixture
async def page(sink: Sink) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of the mail page."""
    async with serving(mail_page(sink)) as address, aiohttp.ClientSession(address) as client:
        yield client


async def send(port: int, raw: bytes = RAW, to: str = "ada@example.org") -> None:
    await aiosmtplib.send(
        raw, sender="belfry@example.com", recipients=[to], hostname="127.0.0.1", port=port
    )


async def test_a_mail_is_kept_with_its_envelope(sink: Sink, port: int) -> None:
    await send(port)
    (mail,) = sink.mails
    assert (mail.sender, mail.recipients) == ("belfry@example.com", ("ada@example.org",))
    assert (mail.raw, mail.text, mail.headers) == (RAW, ".Hello\n", {"Subject": "A bell"})
    assert mail.at.tzinfo is not None


async def test_headers_and_text_are_decoded(sink: Sink, port: int) -> None:
    message = EmailMessage()
    message["Subject"] = "Звон"
    message.set_content("Здравствуйте")
    message.add_alternative("<p>Здравствуйте</p>", subtype="html")
    await send(port, bytes(message))
    assert sink.mails[0].headers["Subject"] == "Звон"
    assert sink.mails[0].text == "Здравствуйте\n"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no headers at all",
        b"Content-Type: text/plain; charset=klingon\r\n\r\nHello\r\n",
        b"Content-Type: text/html\r\n\r\n<p>Hello\r\n",
        b"Content-Type: multipart/mixed\r\n\r\nHello\r\n",
        b"Subject: \xff\xfe\r\nTo: \xd0\r\n\r\n\xff\xfe\x00\r\n",
    ],
)
async def test_odd_mails_can_be_looked_at(
    sink: Sink, port: int, page: aiohttp.ClientSession, raw: bytes
) -> None:
    await send(port, raw)
    for path in ("/", "/mails.json"):
        async with page.get(path) as answer:
            assert answer.status == 200
    assert len(sink.mails) == 1


async def test_only_the_last_mails_are_kept(sink: Sink, port: int) -> None:
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port) as client:
        for number in range(8):
            await client.sendmail("belfry@example.com", [f"ada{number}@example.org"], RAW)
    assert [mail.recipients[0][3] for mail in sink.mails] == list("34567")


async def test_mails_can_be_read_by_recipient_and_cleared(
    sink: Sink, port: int, page: aiohttp.ClientSession
) -> None:
    await send(port, to="ada@example.org")
    await send(port, to="eve@example.net")

    async def recipients(query: str) -> list[Any]:
        async with page.get(f"/mails.json{query}") as answer:
            return [mail["to"] for mail in await answer.json()]

    assert await recipients("") == [["ada@example.org"], ["eve@example.net"]]
    assert await recipients("?to=eve@example.net") == [["eve@example.net"]]
    assert await recipients("?to=nobody@example.net") == []
    async with page.delete("/mails") as answer:
        assert answer.status == 204
    assert await recipients("") == []
    assert not sink.mails


async def test_the_page_shows_mails_without_running_them(
    port: int, page: aiohttp.ClientSession
) -> None:
    await send(port, b"Subject: <script>alert(1)</script>\r\n\r\n<img src=x onerror=alert(2)>\r\n")
    async with page.get("/") as answer:
        shown = await answer.text()
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "&lt;script&gt;" in shown and "<script" not in shown and "<img" not in shown


async def test_html_is_shown_in_a_frame_that_can_do_nothing(
    sink: Sink, port: int, page: aiohttp.ClientSession
) -> None:
    message = EmailMessage()
    message["Subject"] = "Bell"
    message.set_content("Hello")
    html = "<script>alert(1)</script>\"></iframe><img src='https://a.example/x'><b>Hello</b>\n"
    message.add_alternative(html, subtype="html")
    await send(port, bytes(message))
    assert sink.mails[0].html == html
    async with page.get("/mails.json") as answer:
        assert [mail["html"] for mail in await answer.json()] == [html]
    async with page.get("/") as answer:
        shown = await answer.text()
    assert '<iframe sandbox title="HTML" srcdoc="&lt;script&gt;' in shown
    assert shown.count("<iframe") == 1 and "<script" not in shown and "<img" not in shown


@pytest.mark.parametrize("stage", ["greeting", "ehlo", "mail", "rcpt", "data", "dot"])
async def test_each_stage_can_be_answered_as_ordered(sink: Sink, port: int, stage: str) -> None:
    sink.faults = MailFaults.model_validate({stage: "421 not now"})
    with pytest.raises((aiosmtplib.SMTPException, aiosmtplib.SMTPRecipientsRefused)) as failure:
        await send(port)
    assert "421" in repr(failure.value) or stage == "ehlo"
    assert not sink.mails


async def test_a_recipient_can_have_an_answer_of_its_own(sink: Sink, port: int) -> None:
    sink.faults = MailFaults(recipients={"eve@example.net": "550 5.1.1 unknown"})
    await send(port)
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
        await send(port, to="eve@example.net")
    assert len(sink.mails) == 1


@pytest.mark.parametrize("ordered", [CLOSE, STALL])
async def test_a_mail_is_kept_although_its_answer_is_lost(
    sink: Sink, port: int, ordered: str
) -> None:
    sink.faults = MailFaults(dot=ordered)
    sending = asyncio.create_task(send(port))
    async with asyncio.timeout(30):
        while not sink.mails:
            await asyncio.sleep(0.01)
    if ordered == CLOSE:
        with pytest.raises(aiosmtplib.SMTPServerDisconnected):
            await sending
    assert (await asyncio.wait([sending], timeout=0.2))[0] == (
        {sending} if ordered == CLOSE else set()
    )
    sending.cancel()
    assert len(sink.mails) == 1


@pytest.mark.parametrize(
    "faults",
    [MailFaults(content="close"), MailFaults(content="stall"), MailFaults(dot=DROP)],
)
async def test_a_mail_may_be_lost_before_it_is_kept(
    sink: Sink, port: int, faults: MailFaults
) -> None:
    sink.faults = faults
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port)
    await client.connect()
    client.timeout = 0.2
    with pytest.raises((aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError)):
        await client.sendmail("belfry@example.com", ["ada@example.org"], RAW)
    assert not sink.mails and sink.ledger.count == 0
    sink.faults = MailFaults()
    await send(port)
    assert len(sink.mails) == 1


async def test_the_ledger_knows_every_mail_taken_by_its_id(
    sink: Sink, port: int, page: aiohttp.ClientSession
) -> None:
    for number in (*range(7), 3):
        await send(port, f"Message-ID: <mail-{number}@example.com>\r\n\r\nHello\r\n".encode())
    assert len(sink.mails) == 5
    async with page.get("/_ledger?after=6&limit=1") as answer:
        content = await answer.json()
    (entry,) = content.pop("entries")
    assert content == {"count": 8, "distinct": 7, "repeats": 1}
    assert entry.pop("came") <= entry.pop("at")
    expected = {"id": "mail-6", "address": "ada@example.org", "text": "Hello\n", "repeat": 1}
    assert entry == expected
    async with page.get("/_ledger.ndjson") as answer:
        ids = [json.loads(line)["id"] for line in (await answer.text()).splitlines()]
    assert ids == [f"mail-{number}" for number in (*range(7), 3)]


async def test_a_server_may_leave_after_its_answer(sink: Sink, port: int) -> None:
    sink.faults = MailFaults(dot=LEAVE)
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port)
    await client.connect()
    await client.sendmail("belfry@example.com", ["ada@example.org"], RAW)
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await client.noop()
    assert len(sink.mails) == 1


async def test_latency_holds_the_last_answer_back(sink: Sink, port: int) -> None:
    sink.faults = MailFaults(latency_seconds=60)
    sending = asyncio.create_task(send(port))
    async with asyncio.timeout(30):
        while not sink.mails:
            await asyncio.sleep(0.01)
    assert not sending.done()
    sending.cancel()


async def test_a_mail_too_big_is_refused(port: int) -> None:
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port) as client:
        with pytest.raises(aiosmtplib.SMTPSenderRefused) as refusal:
            await client.mail("belfry@example.com", options=[f"SIZE={SIZE_LIMIT + 1}"])
    assert refusal.value.code == 552
