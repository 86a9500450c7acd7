"""Moments as people say and read them, by the clock on their wall; the API has them in UTC."""

import re
from datetime import datetime, timedelta

from core import clock
from core.errors import Invalid

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_FROM_NOW = re.compile(r"\+?(\d{1,6})([smhdw])( ago)?")
EXAMPLES = "now, 90m, 2h, 3d, 2026-05-12T18:00 by your clock, or 2026-05-12T18:00:00Z"


def moment(option: str, said: str) -> str:
    """A moment for the API, as an option has it: RFC 3339 in UTC. Raises Invalid."""
    try:
        return clock.cut(_parsed(said.strip())).isoformat()
    except (ValueError, OverflowError):
        raise Invalid(f"{option} takes {EXAMPLES}, not {said!r}") from None


def shown(told: str, *, zone: bool = False) -> str:
    """A moment of the API by the user's clock; with its zone where a program may read it."""
    local = datetime.fromisoformat(told).astimezone()
    return local.isoformat(timespec="seconds") if zone else f"{local:%Y-%m-%d %H:%M:%S}"


def span(seconds: float) -> str:
    """A time to wait, in its two largest units."""
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = {"d": days, "h": hours, "min": minutes, "s": left}
    told = [f"{number} {unit}" for unit, number in parts.items() if number]
    return " ".join(told[:2]) or "0 s"


def _parsed(said: str) -> datetime:
    if said == "now":
        return clock.now()
    if found := _FROM_NOW.fullmatch(said):
        distance = timedelta(**{_UNITS[found[2]]: int(found[1])})
        return clock.now() - distance if found[3] else clock.now() + distance
    return datetime.fromisoformat(said).astimezone()
