"""What a link to unsubscribe says: who it is for, and what ends by it (RFC 8058)."""

from dataclasses import dataclass
from enum import StrEnum

from bson import ObjectId

from core.errors import Invalid
from rules import preferences
from rules.preferences import ANY

PURPOSE = b"unsubscribe"
VERSION = b"\x01"
METHOD = "List-Unsubscribe"
ONE_CLICK = "One-Click"
_BREAK = b"\0"


class Whom(StrEnum):
    """What a recipient is known by; the value stands in links."""

    USER = "u"
    CLIENT = "c"
    ADDRESS = "a"


@dataclass(frozen=True, slots=True)
class Link:
    """One recipient, and the topic and channel that it may want to hear no more of."""

    whom: Whom
    key: str
    """Of a user or a client the 24 hexadecimal digits of its id, else the address."""
    topic: str | None
    channel: str

    @property
    def entry(self) -> str:
        """The entry that mutes it."""
        return preferences.entry(self.topic, self.channel)

    @property
    def everything(self) -> str:
        """The entry that mutes all of the channel."""
        return f"{ANY}/{self.channel}"


def packed(link: Link) -> bytes:
    """The link in few bytes."""
    key = link.key.encode() if link.whom is Whom.ADDRESS else bytes.fromhex(link.key)
    said = f"{link.whom}{link.entry}".encode()
    return VERSION + said + _BREAK + key


def unpacked(raw: bytes) -> Link:
    """The link that was packed; raises Invalid for anything else."""
    said, _, key = raw[1:].partition(_BREAK)
    if raw[:1] != VERSION or not said or not key:
        raise Invalid("is no link of ours")
    try:
        whom = Whom(said[:1].decode())
        topic, channel = preferences.parts(said[1:].decode())
        name = key.decode() if whom is Whom.ADDRESS else key.hex()
    except ValueError as error:
        raise Invalid("is no link of ours") from error
    if channel is None or (whom is not Whom.ADDRESS and not ObjectId.is_valid(name)):
        raise Invalid("is no link of ours")
    preferences.entry(topic, channel)
    return Link(whom, name, topic, channel)
