"""What can be asked of the history, and how its lines add up (T6)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from rules.delay import percentile

MOST_DAYS = 3_660
"""Ten years."""
MOST_LINES = 5_000


class Key(StrEnum):
    """What the history can be grouped by."""

    DAY = "day"
    CHANNEL = "channel"
    TEMPLATE = "template"
    TOPIC = "topic"
    STATUS = "status"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which days and messages, by what, and how many lines at most.

    Only those with one of the values of each key in `only`; keys that aren't named don't matter.
    """

    first: date
    last: date
    by: tuple[Key, ...] = ()
    only: Mapping[Key, tuple[str, ...]] = field(default_factory=dict)
    limit: int = 1_000


@dataclass(slots=True)
class Line:
    """What messages with the same keys came to."""

    keys: Mapping[Key, str | date | None]
    messages: int = 0
    attempts: int = 0
    delay_ms: float = 0
    longest_ms: float | None = None
    slots: Counter[int] = field(default_factory=Counter)

    @property
    def average_ms(self) -> float | None:
        """From due to sent, of those that were sent; None if none was."""
        sent = self.slots.total()
        return self.delay_ms / sent if sent else None

    def percentile_ms(self, share: float) -> float | None:
        """About the delay that this share of them does not exceed."""
        about = percentile(self.slots, share)
        return about if about is None or self.longest_ms is None else min(about, self.longest_ms)


def lines(by: tuple[Key, ...], groups: Iterable[Mapping[str, Any]]) -> list[Line]:
    """The groups of several sources as lines, in the order of their keys; a missing key is first."""
    found: dict[tuple[Any, ...], Line] = {}
    for group in groups:
        said = {key: _value(group["_id"].get(key.value)) for key in by}
        line = found.setdefault(tuple(said.values()), Line(said))
        line.messages += group["messages"]
        line.attempts += group["attempts"]
        line.delay_ms += group["delay_ms"]
        longest = [each for each in (line.longest_ms, group["longest_ms"]) if each is not None]
        line.longest_ms = max(longest, default=None)
        for slot in group["slots"]:
            if slot["slot"] is not None:
                line.slots[slot["slot"]] += slot["messages"]
    return [found[key] for key in sorted(found, key=_order)]


def _value(raw: Any) -> str | date | None:  # noqa: ANN401 - as MongoDB has it
    return raw.date() if isinstance(raw, datetime) else raw


def _order(keys: tuple[Any, ...]) -> tuple[tuple[bool, Any], ...]:
    return tuple((key is not None, key) for key in keys)
