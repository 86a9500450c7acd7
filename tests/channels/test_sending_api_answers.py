"""What a server may answer, byte by byte, and what it means for the message."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from channels.channel import ANSWER_LIMIT, Envelope, Outcome, Refused, Retry, Sent, Unknown
from channels.http import BODY_LIMIT
from channels.http_verdict import wish
from channels.sending_api import SendingApi
from core import clock

TOKEN = "eyJhbGciOiJIUzI1NiJ9.e30.c2VjcmV0"
LETTER = Envelope("0c9d-1", 4711, "79001234567", "Звон")
PATIENCE = 30.0
SHORT = 1.0


def meaning(outcome: Outcome) -> Outcome:
    """The outcome without the provider's words and wishes."""
    silent = replace(outcome, answer="")
    return replace(silent, after=None) if isinstance(silent, Retry) else silent


async def sent_to(
    answer: bytes, timeout_seconds: float = PATIENCE, *, stay: bool = False
) -> Outcome:
    """What comes of a send to a server that answers with these bytes, then closes or stays."""
    leave = asyncio.Event()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"}")
        writer.write(answer)
        if stay:
            await leave.wait()
        writer.close()

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        api = SendingApi(f"http://127.0.0.1:{port}", TOKEN, 4)
        outcome = await api.send(LETTER, timeout_seconds)
        leave.set()
        await api.close()
        return outcome


def answer(status: int, body: bytes = b"{}", *headers: str) -> bytes:
    """A whole HTTP answer."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (201, Unknown("201")),
        (202, Unknown("202")),
        (301, Retry("301")),
        (302, Retry("302")),
        (307, Retry("307")),
        (400, Refused("400", about_provider=True)),
        (401, Retry("401")),
        (402, Retry("402")),
        (403, Retry("401")),
        (404, Retry("404")),
        (405, Retry("405")),
        (408, Unknown("408")),
        (409, Unknown("409")),
        (410, Retry("410")),
        (418, Retry("418")),
        (422, Refused("422", about_provider=True)),
        (429, Retry("429")),
        (500, Unknown("500")),
        (501, Unknown("501")),
        (502, Unknown("502")),
        (503, Retry("503")),
        (504, Unknown("504")),
        (599, Unknown("599")),
    ],
)
async def test_each_status_has_its_meaning(status: int, expected: Outcome) -> None:
    outcome = await sent_to(answer(status, b"words", "Location: http://127.0.0.1:1/elsewhere"))
    assert meaning(outcome) == expected
    assert outcome.answer == "words"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"code": 0, "message": "OK"}', Sent("200")),
        (b'{"code": 0}', Sent("200")),
        (b'{"code": 7, "message": "queue full"}', Retry("200:7")),
        (b'{"code": -1}', Retry("200:-1")),
        (b'{"code": 0, "mess', Unknown("garbage")),
        (b'{"code": "0"}', Unknown("garbage")),
        (b'{"code": 0.0}', Unknown("garbage")),
        (b'{"code": false}', Unknown("garbage")),
        (b'{"code": true}', Unknown("garbage")),
        (b'{"code": null}', Unknown("garbage")),
        (b'{"message": "OK"}', Unknown("garbage")),
        (b'[{"code": 0}]', Unknown("garbage")),
        (b"0", Unknown("garbage")),
        (b"", Unknown("garbage")),
        (b"<html>OK</html>", Unknown("garbage")),
        (b"\xff\xfe\x00", Unknown("garbage")),
        (b"[" * 5_000, Unknown("garbage")),
    ],
)
async def test_a_200_counts_only_with_the_promised_json(body: bytes, expected: Outcome) -> None:
    assert meaning(await sent_to(answer(200, body))) == expected


async def test_only_so_much_of_an_answer_is_read_and_kept() -> None:
    endless = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2 * BODY_LIMIT
    outcome = await sent_to(endless, stay=True)
    assert meaning(outcome) == Unknown("garbage")
    assert outcome.answer == "x" * ANSWER_LIMIT


@pytest.mark.parametrize(
    ("bytes_sent", "code"),
    [
        (b"", "reset"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "reset"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n{", "reset"),
        (b"SSH-2.0-OpenSSH_9.9\r\n", "garbage"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}", "garbage"),
    ],
)
async def test_an_answer_that_is_cut_or_no_http_leaves_it_open(
    bytes_sent: bytes, code: str
) -> None:
    assert meaning(await sent_to(bytes_sent)) == Unknown(code)


@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n{"])
async def test_an_answer_that_comes_too_late_leaves_it_open(begun: bytes) -> None:
    assert meaning(await sent_to(begun, SHORT, stay=True)) == Unknown("timeout")


async def test_retry_after_is_passed_on() -> None:
    for status in (429, 503):
        outcome = await sent_to(answer(status, b"later", "Retry-After: 7"))
        assert outcome == Retry(str(status), "later", after=7.0)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("90", 90.0),
        ("999999999999999999", 3_600.0),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("٣", None),
        ("Tue, 99 Foo 2026 00:00:00 GMT", None),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0.0),
        ("Sun, 06 Nov 1994 08:49:37", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3_600.0),
    ],
)
def test_a_wish_for_later_is_bounded_or_ignored(value: str, seconds: float | None) -> None:
    assert wish(value) == seconds


def test_a_wish_may_be_a_date() -> None:
    seconds = wish(format_datetime(clock.now() + timedelta(seconds=120), usegmt=True))
    assert seconds is not None and 100 < seconds <= 120


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ \d+:\d+:\d+ [A-Z+0-9-]+"))
@example("Sat, 01 Jan 2022 00:00:00 +9999999999999")
def test_no_wish_is_an_error(value: str) -> None:
    seconds = wish(value)
    assert seconds is None or 0 <= seconds <= 3_600


async def test_a_token_that_the_api_repeats_is_kept_nowhere(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = await sent_to(answer(401, f"no such token: {TOKEN}".encode()))
    assert echo == Retry("401", "no such token: ***")
    late = await sent_to(answer(400, b"x" * (ANSWER_LIMIT - 5) + TOKEN.encode()))
    assert late.answer == "x" * (ANSWER_LIMIT - 5) + "***"
    broken = await sent_to(f"{TOKEN}\r\n\r\n".encode())
    assert isinstance(broken, Unknown)
    api = SendingApi("http://127.0.0.1:1", TOKEN, 4)
    assert TOKEN not in caplog.text + broken.answer + repr(api)
