"""Delays in slots, so that the percentiles of any number of them take a few counts."""

import math
from collections.abc import Mapping

PER_DOUBLING = 2
"""Slots from a delay to its double; what is told from them is off by less than a half."""


def slot(delay_ms: float) -> int:
    """The slot of a delay."""
    return math.floor(PER_DOUBLING * math.log2(delay_ms + 1))


def begins_at(slot: int) -> float:
    """The least delay of a slot, in milliseconds."""
    return float(2 ** (slot / PER_DOUBLING) - 1)


def percentile(counts: Mapping[int, int], share: float) -> float | None:
    """About the delay, in milliseconds, that this share of them does not exceed; None of none.

    Within its slot they are taken to lie evenly.
    """
    wanted = share * sum(counts.values())
    for number in sorted(counts):
        count = counts[number]
        if count and wanted <= count:
            low, high = begins_at(number), begins_at(number + 1)
            return low + (high - low) * max(wanted, 0) / count
        wanted -= count
    return None
