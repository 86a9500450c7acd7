"""What a log shows of people: enough to tell them apart, too little to reach them."""

import re
from collections.abc import Callable, Mapping
from typing import Any

_EMAIL = re.compile(r"[^\s@<>\"'(),:;\[\]]+@(?=[^\s@<>\"'(),:;\[\]]+\.)")
_PHONE = re.compile(r"(?<![0-9A-Za-z])\+?\d{7,15}(?![0-9A-Za-z])")


def text(said: str) -> str:
    """A text of somebody else's without the addresses and phone numbers in it."""
    if "@" in said:
        said = _EMAIL.sub(lambda found: f"{found[0][0]}***@", said)
    return _PHONE.sub(lambda found: _ends(found[0]), said)


def address(said: str) -> str:
    """An e-mail address with its domain; of a phone number or another handle the ends."""
    local, at, domain = said.rpartition("@")
    return f"{local[:1]}***@{domain}" if at and local else _ends(said)


def size(said: str) -> str:
    """Of what a person is told only how much it is: it may be a password."""
    return f"({len(said)} characters)"


MASKS: Mapping[str, Callable[[str], str]] = {
    "address": address,
    "answer": text,
    "detail": text,
    "error": text,
    "exception": text,
    "text": size,
}
"""By the name of a field."""
_NAMES = MASKS.keys()


def mask(line: dict[str, Any]) -> None:
    """Mask what a line has of people."""
    for name in _NAMES & line.keys():
        if isinstance(line[name], str):
            line[name] = MASKS[name](line[name])


def _ends(said: str) -> str:
    return f"{said[:1]}***{said[-2:]}" if len(said) > 4 else "***"
