"""Addresses that nothing may be sent to: how they are spelled, and whom that holds back (X8)."""

from collections.abc import Callable, Mapping
from enum import StrEnum

import idna

from core.errors import Invalid, Problem
from rules import addresses
from rules.message import Route

LONGEST_NOTE = 500


class Reason(StrEnum):
    """Why an address is on the list."""

    HARD_BOUNCE = "hard_bounce"
    UNSUBSCRIBED = "unsubscribed"
    MANUAL = "manual"


def key(channel: str, address: str) -> str:
    """The id of the suppression that holds an address back, however the address is written."""
    return f"{channel}:{spelled(channel, address)}"


def spelled(channel: str, address: str) -> str:
    """The one spelling of an address for looking it up.

    Of e-mail in lower case, as practically all servers take it, and with its domain in ASCII;
    names of channels on Telegram have no case either.
    """
    if channel == Route.TELEGRAM:
        return address.strip().lower()
    if channel != Route.EMAIL:
        return address.strip()
    local, at, domain = address.strip().lower().rpartition("@")
    return f"{local}{at}{domain if domain.isascii() else _ascii(domain)}"


def checked(channel: str, raw: str) -> str:
    """The spelling of an address that somebody gives; raises Invalid."""
    return spelled(channel, _RULES[channel](raw))


def note(raw: str) -> str:
    """What is remembered of it; raises Invalid."""
    text = raw.strip()
    if len(text) > LONGEST_NOTE:
        message = f"is {len(text):,} characters long; shorten it to {LONGEST_NOTE:,}"
        raise Invalid(message, Problem.TOO_LONG)
    return text


def holds_back(reason: str, *, critical: bool) -> bool:
    """Whether nothing leaves: what is critical goes even to who has unsubscribed."""
    return not (critical and reason == Reason.UNSUBSCRIBED)


def _ascii(domain: str) -> str:
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except UnicodeError:
        return domain


_RULES: Mapping[str, Callable[[object], str]] = {
    Route.EMAIL: addresses.email,
    Route.SENDING_API: addresses.phone,
    **{Route(name): rule for name, rule in addresses.HANDLES.items()},
}
