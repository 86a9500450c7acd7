"""When a provider is left in peace, for how long, and when one message tries whether it is back.

Source: M. T. Nygard, "Release It!", 2nd edition, "Circuit Breaker".
"""

from collections import deque
from datetime import datetime, timedelta
from enum import StrEnum
from math import ldexp
from typing import assert_never

from core.errors import Invalid

CAP_SECONDS = 60.0
WISH_CAP_SECONDS = 3600.0
LONGEST_FIRST_SECONDS = 86_400.0
LEAST_SHARE_OF_PAUSE = 0.75

# Doubling the shortest pause this often is past any cap, and still a float.
_ENOUGH_DOUBLINGS = 512


class State(StrEnum):
    """How a provider's breaker stands, for all workers."""

    CLOSED = "closed"
    OPEN = "open"
    PROBING = "probing"


class Gate(StrEnum):
    """What a worker may claim for a provider: anything, nothing, or one message as a probe."""

    PASS = "pass"  # noqa: S105 - no password
    WAIT = "wait"
    PROBE = "probe"


class Tally:
    """The last attempts at a provider, and whether too many of them failed."""

    def __init__(self, attempts: int, share: float) -> None:
        """Judge by so many attempts; trip from this share of failures. Raises Invalid."""
        if attempts < 1:
            raise Invalid("judge a provider by at least 1 attempt")
        if not 0 < share <= 1:
            raise Invalid("give the share of failures as a number above 0, up to 1")
        self._share = share
        self._failures: deque[bool] = deque(maxlen=attempts)

    def add(self, failed: bool) -> None:
        """Take note of an attempt; the oldest one is forgotten when there are enough."""
        self._failures.append(failed)

    @property
    def tripped(self) -> bool:
        """Whether there are enough attempts to judge by, and too many of them failed."""
        seen = len(self._failures)
        # A share and a quotient are rounded alike, a product is not: 0.55 * 20 is above 11.
        return seen == self._failures.maxlen and sum(self._failures) / seen >= self._share

    def clear(self) -> None:
        """Forget the attempts."""
        self._failures.clear()


def pause(trips: int, draw: float, first_seconds: float, wish: float | None = None) -> timedelta:
    """How long to leave a provider in peace that was found away `trips` times more since it went.

    Doubles up to a minute, or to `first_seconds` if that is more, less up to a quarter by `draw`,
    which is random in [0, 1), so that workers don't come in waves. The provider's own wish
    (Retry-After, in seconds) is the least pause, up to an hour; a senseless one counts as none.
    Raises Invalid on values out of range.
    """
    if trips < 0:
        raise Invalid("count trips from 0")
    if not 0 <= draw < 1:
        raise Invalid("draw a number from 0 up to, not including, 1")
    if not 0 < first_seconds <= LONGEST_FIRST_SECONDS:
        raise Invalid(
            f"give the first pause in seconds, above 0, up to {LONGEST_FIRST_SECONDS:.0f}"
        )
    cap = max(CAP_SECONDS, first_seconds)
    full = min(cap, ldexp(first_seconds, min(trips, _ENOUGH_DOUBLINGS)))
    least = min(wish, WISH_CAP_SECONDS) if wish is not None and wish > 0 else 0.0
    share = LEAST_SHARE_OF_PAUSE + (1 - LEAST_SHARE_OF_PAUSE) * draw
    return timedelta(seconds=max(least, full * share))


def gate(
    state: str, retry_at: datetime | None, probe_until: datetime | None, now: datetime
) -> Gate:
    """What may be claimed while a provider's row says this.

    A prober that is late has died, and another may try; so may one where no time is set, or a
    broken row would keep the provider away for ever. Raises ValueError on an unknown state.
    """
    match State(state):
        case State.CLOSED:
            return Gate.PASS
        case State.OPEN:
            return _after(retry_at, now)
        case State.PROBING:
            return _after(probe_until, now)
        case never:
            assert_never(never)


def _after(moment: datetime | None, now: datetime) -> Gate:
    return Gate.WAIT if moment is not None and now < moment else Gate.PROBE
