"""A mail as the SMTP sink keeps it."""

import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import cached_property

_MESSAGE_ID = re.compile(rb"^message-id:\s*<([^@>\s]+)@", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Mail:
    """One mail as it came in; it is parsed when somebody looks."""

    at: datetime
    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @cached_property
    def message(self) -> EmailMessage:
        """As the standard library reads it."""
        message = message_from_bytes(self.raw, policy=default)
        assert isinstance(message, EmailMessage)
        return message

    @property
    def headers(self) -> dict[str, str]:
        """The headers decoded; of those with the same name, the first."""
        headers: dict[str, str] = {}
        for name, value in self.message.items():
            headers.setdefault(name, str(value))
        return headers

    @property
    def ident(self) -> str:
        """The Message-ID before its @; empty if there is none."""
        found = _MESSAGE_ID.search(self.raw.partition(b"\r\n\r\n")[0])
        return found[1].decode("ascii", "replace") if found else ""

    @property
    def text(self) -> str:
        """The plain text, decoded, with Unix line ends."""
        return self._part("plain")

    @property
    def html(self) -> str:
        """The HTML, likewise; empty if there is none."""
        return self._part("html")

    def as_json(self) -> dict[str, object]:
        """For JSON; in `raw`, octets that are not UTF-8 are replaced."""
        return {
            "at": self.at.isoformat(),
            "from": self.sender,
            "to": list(self.recipients),
            "headers": self.headers,
            "text": self.text,
            "html": self.html,
            "raw": self.raw.decode("utf-8", "replace"),
        }

    def _part(self, subtype: str) -> str:
        part = self.message.get_body((subtype,))
        if part is None:
            return ""
        try:
            content = str(part.get_content())
        except LookupError:  # a charset that Python doesn't know
            content = str(part.get_payload())
        return content.replace("\r\n", "\n")
