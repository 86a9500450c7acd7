"""Which lines of a log are about a mailing, a message, a client, a user or a request (M23)."""

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Any

from core.errors import Invalid

Line = Mapping[str, Any]

MOST_LEARNED = 100_000
"""Messages and requests that are followed on; whoever has more of them has lines enough."""
TYPES = {"mailing": "Mailing", "message": "Message", "client": "Client", "user": "User"}
"""What the API's opaque ids begin with, by option."""
_HEX = re.compile(r"[0-9a-f]{24}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Trail:
    """Follows what was asked for, and what its own lines lead to.

    A message of the mailing may be named later by its id alone, and what a request led to only
    by the request's: both are learned from lines that name what was asked for.
    """

    def __init__(self, wanted: Iterable[tuple[str, str]]) -> None:
        """By pairs of a field and its value."""
        self._wanted = set(wanted)
        self._learned: set[tuple[str, str]] = set()

    def leads_to(self, line: Line) -> bool:
        """Whether a line belongs to it. Lines come in the order of their time."""
        named = set(_named(line))
        every = named.union(_listed(line))
        if not self._wanted.isdisjoint(every):
            if len(self._learned) < MOST_LEARNED:
                # What a list names beside it is others'.
                self._learned.update(pair for pair in named if pair[0] in _LEADING)
            return True
        return not self._learned.isdisjoint(every)


_LEADING = {"message_id", "request"}
_IDS = ("mailing_id", "message_id", "client_id", "user_id", "request")
_LISTS = {"message_ids": "message_id", "client_ids": "client_id", "user_ids": "user_id"}


def _named(line: Line) -> Iterable[tuple[str, str]]:
    for name in _IDS:
        if isinstance(value := line.get(name), str):
            yield name, value
    if isinstance(number := line.get("outside_id"), int):
        yield "outside_id", str(number)


def _listed(line: Line) -> Iterable[tuple[str, str]]:
    for name, each in _LISTS.items():
        if isinstance(values := line.get(name), list):
            yield from ((each, str(value)) for value in values)


def wanted(option: str, said: str) -> tuple[str, str]:
    """The field and the value by which lines name it; raises Invalid for what is no id."""
    if option == "request":
        return ("request", said)
    if option == "message" and said.isdecimal():
        return ("outside_id", said)
    raw = said.lower() if _is_raw(option, said.lower()) else _key(option, said)
    return (f"{option}_id", raw)


def _key(option: str, said: str) -> str:
    try:
        text = base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)).decode()
    except ValueError:
        text = ""
    kind, _, key = text.partition(":")
    if kind != TYPES[option] and kind in TYPES.values():
        raise Invalid(f"--{option}: is the id of a {kind}; give it as --{kind.lower()}")
    if kind != TYPES[option] or not _is_raw(option, key):
        raise Invalid(
            f"--{option}: is no id of a {TYPES[option]}; take it as the API or a log has it"
        )
    return key


def _is_raw(option: str, said: str) -> bool:
    form = _UUID if option == "message" else _HEX
    return form.fullmatch(said) is not None
