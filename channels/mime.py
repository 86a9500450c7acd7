"""E-mail as bytes, as RFC 5322 wants it.

Built directly, because the standard library's EmailMessage makes only some 320 mails a second.
"""

import re
from base64 import b64encode, encodebytes
from binascii import b2a_qp
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from hashlib import sha256

import idna

from channels.channel import Envelope
from core.errors import Invalid

LINE_LIMIT = 998
"""Octets of a line without its end: RFC 5322, 2.1.1."""

FOLD_AT = 76
"""Characters of a header line that carries encoded-words: RFC 2047, 2."""

ADDRESS_LIMIT = 254
"""Octets of an address: RFC 5321, 4.5.3.1.3, less the angle brackets."""

_FRAME = len("=?utf-8?b??=")
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NOT_ASCII = bytes(range(128, 256))
_BREAK = re.compile(r"[\r\n\0]")
_VISIBLE = re.compile(r"[ -~]*")
_PLAIN_TEXT = re.compile(r"[\t\n -~]*")
_MESSAGE_ID = re.compile(r"[A-Za-z0-9._+=-]+")
_LOCAL_PART = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+")
_URL = re.compile(r"https?://[!-;=?-~]+")
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


class BadHeader(Invalid):
    """A header would carry a line break or NUL, and behind it headers that nobody meant."""


class BadAddress(Invalid):
    """Not an address that SMTP without SMTPUTF8 can deliver to."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who an e-mail is from; the name may be empty."""

    name: str
    address: str


def compose(sender: Sender, envelope: Envelope, date: datetime) -> bytes:
    """The whole message, in ASCII with CRLF line ends, dots not stuffed.

    Raises BadHeader and BadAddress.
    """
    from_line, domain = origin(sender)
    kind, body = _content(envelope)
    lines = (
        from_line,
        f"To: {mailbox(envelope.address)}",
        _subject(envelope.subject),
        f"Date: {format_datetime(date)}",
        f"Message-ID: <{_message_id(envelope.message_id)}@{domain}>",
        "MIME-Version: 1.0",
        "Auto-Submitted: auto-generated",
        *_unsubscribing(envelope.unsubscribe),
        kind,
        "\r\n",
    )
    return "\r\n".join(lines).encode("ascii") + body


@lru_cache(maxsize=64)
def origin(sender: Sender) -> tuple[str, str]:
    """The From header, and the domain for message ids; raises BadHeader and BadAddress."""
    _refuse_breaks("sender's name", sender.name)
    address = mailbox(sender.address)
    line = f"From: {_phrase(sender.name.strip())}"
    room = FOLD_AT - len(line.rpartition("\n")[2])
    gap = " " if len(address) + 3 <= room else "\r\n "
    return f"{line}{gap}<{address}>", address.rpartition("@")[2]


def mailbox(address: str) -> str:
    """The address in ASCII, its domain by IDNA; raises BadHeader and BadAddress.

    The dots of the local part are the provider's business: real addresses break the rules for them.
    """
    _refuse_breaks("address", address)
    local, _, domain = address.rpartition("@")
    if not _LOCAL_PART.fullmatch(local):
        raise BadAddress("the part before the @ must be plain ASCII letters, digits and marks")
    ascii_address = f"{local}@{_ascii_domain(domain)}"
    if len(ascii_address) > ADDRESS_LIMIT:
        raise BadAddress(f"an address has at most {ADDRESS_LIMIT} characters")
    return ascii_address


@lru_cache(maxsize=4096)
def _ascii_domain(domain: str) -> str:
    try:
        name = domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except UnicodeError as error:
        raise BadAddress(f"the domain is not valid: {error}") from None
    if not _DOMAIN.fullmatch(name):
        raise BadAddress("the part after the @ is not a domain")
    return name


def _phrase(name: str) -> str:
    """A display name as a quoted-string, or as encoded-words where that would not do."""
    if not name:
        return ""
    quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if _is_clear(name) and len(quoted) <= FOLD_AT - len("From: "):
        return quoted
    return _encoded_words(name, FOLD_AT - len("From: "))


def _subject(subject: str) -> str:
    _refuse_breaks("subject", subject)
    folded = _folded("Subject:", subject) if _is_clear(subject) else None
    return folded or "Subject: " + _encoded_words(subject, FOLD_AT - len("Subject: "))


def _is_clear(text: str) -> bool:
    """Whether a header can carry the text as it is and be read back the same."""
    return bool(_VISIBLE.fullmatch(text)) and "=?" not in text and text == text.strip()


def _folded(line: str, text: str) -> str | None:
    """The header folded at its spaces; None if a word is too long for a line of its own."""
    lines = []
    for word in re.findall(" *[^ ]+", f" {text}"):
        if len(line) + len(word) > FOLD_AT:
            lines.append(line)
            line = ""
        line += word
    lines.append(line)
    return "\r\n".join(lines) if max(map(len, lines)) <= FOLD_AT else None


def _encoded_words(text: str, room: int) -> str:
    """RFC 2047 encoded-words of whole characters, folded; `room` is what the first line has."""
    words = []
    chunk = b""
    for char in text:
        octets = char.encode("utf-8", "replace")
        if len(chunk) + len(octets) > (room - _FRAME) // 4 * 3:
            words.append(chunk)
            chunk = b""
            room = FOLD_AT - 1
        chunk += octets
    words.append(chunk)
    return "\r\n ".join(f"=?utf-8?b?{b64encode(word).decode('ascii')}?=" for word in words)


def _content(envelope: Envelope) -> tuple[str, bytes]:
    """The headers that say how to read the body, and the body: the richest form comes last."""
    plain = _part("plain", envelope.text)
    if not envelope.html:
        return plain
    parts = (plain, _part("html", envelope.html))
    boundary = _boundary(body for _, body in parts)
    opening = f"--{boundary}\r\n"
    body = b"".join(f"{opening}{head}\r\n\r\n".encode("ascii") + said for head, said in parts)
    kind = f'Content-Type: multipart/alternative; boundary="{boundary}"'
    return kind, body + f"--{boundary}--\r\n".encode("ascii")


def _part(subtype: str, text: str) -> tuple[str, bytes]:
    body, encoding = _body(text)
    kind = f"Content-Type: text/{subtype}; charset=utf-8"
    return f"{kind}\r\nContent-Transfer-Encoding: {encoding}", body


def _boundary(bodies: Iterable[bytes]) -> str:
    """What stands in no body, for all that their authors could know: the same for the same bodies."""
    digest = sha256()
    for body in bodies:
        digest.update(sha256(body).digest())
    # Quoted-printable and base64 never write `=_`: RFC 2045, 6.7; a plain body can't hold its hash.
    return f"=_{digest.hexdigest()[:40]}"


def _body(text: str) -> tuple[bytes, str]:
    """The text with CRLF line ends and one at the end, and the name of its encoding."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    if not lines.endswith("\n"):
        lines += "\n"
    octets = lines.replace("\n", "\r\n").encode("utf-8", "replace")
    if _PLAIN_TEXT.fullmatch(lines) and max(map(len, lines.split("\n"))) <= LINE_LIMIT:
        return octets, "7bit"
    if 6 * (len(octets) - len(octets.translate(None, _NOT_ASCII))) < len(octets):
        return b2a_qp(octets, istext=True), "quoted-printable"
    return encodebytes(octets).replace(b"\n", b"\r\n"), "base64"


def _message_id(message_id: str) -> str:
    if not _MESSAGE_ID.fullmatch(message_id):
        raise BadHeader("a message id is made of letters, digits and . _ + = -")
    return message_id


def _unsubscribing(url: str) -> tuple[str, ...]:
    """The headers of RFC 8058, each on one line: a fold would break the URL for many readers."""
    if not url:
        return ()
    line = f"List-Unsubscribe: <{url}>"
    if not _URL.fullmatch(url) or len(line) > LINE_LIMIT:
        raise BadHeader("a link to unsubscribe is one URL in ASCII that fits a line")
    return line, "List-Unsubscribe-Post: List-Unsubscribe=One-Click"


def _refuse_breaks(name: str, value: str) -> None:
    if _BREAK.search(value):
        raise BadHeader(f"the {name} must not have a line break or NUL in it")
