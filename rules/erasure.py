"""What names a person in texts and addresses, and what stands there when it is erased."""

import hashlib
import hmac
import json
import re
from collections.abc import Iterable

from rules import preferences
from rules.message import Route

ERASED = "erased"
"""What stands in place of a text."""
MARK = "#"
"""How a pseudonym begins; no address of any channel begins so."""
WHY = "recipient erased"

_DIGITS = re.compile(r"\D+")
_FEWEST_DIGITS = 10
"""Of a phone: fewer may be anything."""


def pseudonym(secret: bytes, key: str) -> str:
    """What an address on the suppression list becomes: a keyed hash of `channel:address`."""
    channel, _, _ = key.partition(":")
    digest = hmac.new(secret, key.encode(), hashlib.sha256).hexdigest()
    return f"{channel}:{MARK}{digest}"


def mentions(text: str, addresses: Iterable[str], names: Iterable[str]) -> bool:
    """Whether a text has one of the addresses, however a phone is punctuated, or of the names."""
    lower, digits = text.lower(), _DIGITS.sub("", text)
    if any(name in text for name in names):
        return True
    for address in addresses:
        said = address.lower()
        if said in lower or json.dumps(said)[1:-1] in lower:
            return True
        bare = _DIGITS.sub("", said)
        if len(bare) >= _FEWEST_DIGITS and "@" not in said and bare[-_FEWEST_DIGITS:] in digits:
            return True
    return False


def opted_out(muted: Iterable[str], addresses: Iterable[str]) -> list[str]:
    """Those of the addresses (`channel:address`) that all is muted by: such a wish outlives its owner."""
    silent = {channel for topic, channel in map(preferences.parts, muted) if topic is None}
    ways = set(Route) if None in silent else silent
    return [key for key in addresses if key.partition(":")[0] in ways]
