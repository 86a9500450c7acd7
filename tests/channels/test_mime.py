"""What the standard library's parser reads back is what went in."""

import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from channels.channel import Envelope
from channels.mime import BadAddress, BadHeader, Sender, compose, mailbox

BELFRY = Sender("Belfry", "belfry@example.com")
DATE = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
ATEXT = "abcXYZ019!#$%&'*+/=?^_`{|}~-"

one_line = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"))
wordy = st.lists(st.text("abc.,;é 鐘", min_size=1, max_size=90), max_size=9).map(" ".join)
local_parts = st.lists(st.text(ATEXT, min_size=1, max_size=20), min_size=1, max_size=3).map(
    ".".join
)
labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
domains = st.lists(labels, min_size=1, max_size=4).map(".".join)


def envelope(**changes: str) -> Envelope:
    """An ordinary one with some fields changed."""
    fields = {"address": "ada@example.org", "text": "Hello", "subject": "A bell"} | changes
    return Envelope(message_id="0c9d-1", number=1, **fields)


def written(sender: Sender = BELFRY, **changes: str) -> bytes:
    """The message as bytes."""
    return compose(sender, envelope(**changes), DATE)


def read(sender: Sender = BELFRY, **changes: str) -> EmailMessage:
    """The message as the standard library reads it."""
    message = message_from_bytes(written(sender, **changes), policy=default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def with_unix_line_ends(text: str) -> str:
    """The text with Unix line ends, and one at the end, as a mail's text always has."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return lines if lines.endswith("\n") else lines + "\n"


@given(one_line | wordy)
@example("")
@example(" padded ")
@example("two  spaces   three")
@example("=?utf-8?b?aGk=?= looks encoded already")
@example("a" * 2_000)
@example("word " * 60 + "word")
@example("колокольня " * 40)
@example("🔔" * 100)
def test_any_subject_reads_back_as_it_went_in(subject: str) -> None:
    assert read(subject=subject)["Subject"] == subject


@given(st.text(st.characters(exclude_categories=["Cs"])))
@example("")
@example("\0")
@example(".")
@example("..\r\n.\n\r.")
@example("From here on\n")
@example("x" * 998)
@example("x" * 999)
@example("trailing \t\n space ")
@example("é" + "x" * 3_000)
@example("Здравствуйте!\n" * 50)
def test_any_text_reads_back_as_it_went_in(text: str) -> None:
    content = read(text=text).get_content()
    assert with_unix_line_ends(content) == with_unix_line_ends(text)


@given(local_parts, domains)
def test_any_address_reads_back_as_it_went_in(local: str, domain: str) -> None:
    address = f"{local}@{domain}"
    to = read(address=address)["To"]
    assert [found.addr_spec for found in to.addresses] == [address]


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=10))
@example('Belfry "the bell", Inc. \\ Sons')
@example("Колокольня")
@example("")
def test_any_sender_name_reads_back_as_it_went_in(name: str) -> None:
    (found,) = read(Sender(name, "belfry@example.com"))["From"].addresses
    assert found.addr_spec == "belfry@example.com"
    assert found.display_name == name.strip()


@given(st.text("Колокольня 🔔,", min_size=15).map("Звон {}!".format))
def test_a_long_sender_name_is_split_between_characters(name: str) -> None:
    # The newer parser keeps the folds between encoded-words of a name, against RFC 2047, 6.2.
    raw = message_from_bytes(written(Sender(name, "belfry@example.com")))["From"]
    (words, charset), (address, _) = decode_header(raw)
    assert words.decode(charset) == name
    assert address.strip() == b"<belfry@example.com>"


@given(one_line | wordy, st.text(), one_line)
def test_every_line_is_ascii_ends_in_crlf_and_is_within_the_limits(
    subject: str, text: str, name: str
) -> None:
    raw = written(Sender(name, "belfry@example.com"), subject=subject, text=text)
    assert raw.isascii() and raw.endswith(b"\r\n") and b"\0" not in raw
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw)
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    head = raw.split(b"\r\n\r\n", 1)[0]
    assert max(map(len, head.split(b"\r\n"))) <= 76
    assert not re.search(rb"\r\n[ \t]*(\r\n|$)", head), "no line of white space only"
    assert all(len(word) <= 75 for word in re.findall(rb"=\?\S+", head) if b"?b?" in word)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="<>")))
@example("a" * 900)
def test_a_link_to_unsubscribe_stays_on_one_line_with_the_word_for_one_click(path: str) -> None:
    url = f"https://belfry.example.com/{path}"
    lines = written(unsubscribe=url).partition(b"\r\n\r\n")[0].split(b"\r\n")
    at = lines.index(f"List-Unsubscribe: <{url}>".encode())
    assert lines[at + 1] == b"List-Unsubscribe-Post: List-Unsubscribe=One-Click"


def test_without_a_link_there_are_no_headers_of_it() -> None:
    assert b"list-unsubscribe" not in written().lower()


@pytest.mark.parametrize("bad", ["mailto:a@b.c", "https://a/\r\nBcc: e@x.y", "https://a/b>", "x"])
def test_a_link_that_could_break_a_header_is_refused(bad: str) -> None:
    for url in (bad, f"https://a/{'x' * 990}", "https://ä.example"):
        with pytest.raises(BadHeader):
            written(unsubscribe=url)


@pytest.mark.parametrize("bad", ["\r", "\n", "\0", "\r\nBcc: eve@example.net"])
def test_a_line_break_or_nul_in_any_header_is_refused(bad: str) -> None:
    with pytest.raises(BadHeader):
        written(subject=f"a{bad}b")
    with pytest.raises(BadHeader):
        written(address=f"ada@example.org{bad}")
    with pytest.raises(BadHeader):
        written(Sender(f"Bel{bad}fry", "belfry@example.com"))
    with pytest.raises(BadHeader):
        compose(BELFRY, Envelope(f"id{bad}", 1, "ada@example.org", "Hello"), DATE)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "@example.org",
        "ada@",
        "àda@example.org",
        "a b@example.org",
        "ada@exa mple.org",
        "ada@example.org, eve@example.net",
        "<ada@example.org>",
        "ada@-example.org",
        "ada@example..org",
        "ada@" + "a" * 64 + ".org",
        "a" * 250 + "@example.org",
        "ada@xn--" + "é" * 80,
        "ada@\u2028.org",
    ],
)
def test_what_is_no_plain_address_is_refused(address: str) -> None:
    with pytest.raises(BadAddress):
        mailbox(address)


def test_a_domain_in_another_script_is_written_by_idna() -> None:
    assert mailbox("ada@пример.рф") == "ada@xn--e1afmkfd.xn--p1ai"
    assert mailbox("ada@BÜCHER.example") == "ada@xn--bcher-kva.example"
    assert read(address="ada@bücher.example")["To"] == "ada@xn--bcher-kva.example"


def test_dots_that_break_the_rules_are_left_for_the_provider_to_judge() -> None:
    assert mailbox("..ada.@example.org") == "..ada.@example.org"


def test_the_headers_say_when_from_whom_and_that_no_person_wrote_it() -> None:
    message = read()
    assert message["Message-ID"] == "<0c9d-1@example.com>"
    assert message["Date"].datetime == DATE
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["MIME-Version"] == "1.0"
    assert message.get_content_type() == "text/plain"
    assert message.get_content_charset() == "utf-8"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("plain", "7bit"),
        ("x" * 999, "quoted-printable"),
        ("mostly plain, à peu près, with a few accents", "quoted-printable"),
        ("Здравствуйте", "base64"),
    ],
)
def test_the_encoding_suits_the_text(text: str, encoding: str) -> None:
    assert read(text=text)["Content-Transfer-Encoding"] == encoding


def test_halves_of_surrogate_pairs_become_question_marks() -> None:
    message = read(subject="a\ud800b", text="c\udfffd")
    assert message["Subject"] == "a?b"
    assert message.get_content() == "c?d\r\n"
