"""When to try again: exponential backoff with full jitter, so that retries don't come in waves.

Source: M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
"""

from datetime import datetime, timedelta
from math import ldexp

from core import clock
from core.errors import Invalid

BASE_SECONDS = 5.0
CAP_SECONDS = 3600.0
LONGEST_CAP_SECONDS = 86_400.0

# Doubling a second this often is past any cap, and still a float.
_ENOUGH_DOUBLINGS = 512


def delay(
    attempt: int,
    draw: float,
    base_seconds: float = BASE_SECONDS,
    cap_seconds: float = CAP_SECONDS,
) -> timedelta:
    """The wait after attempt number `attempt` (from 0): `draw` times the ceiling for it.

    `draw` is random in [0, 1) and comes from the caller. Raises Invalid on values out of range.
    """
    if attempt < 0:
        raise Invalid("count attempts from 0")
    if not 0 <= draw < 1:
        raise Invalid("draw a number from 0 up to, not including, 1")
    if not 0 < base_seconds <= cap_seconds <= LONGEST_CAP_SECONDS:
        raise Invalid(f"give seconds with 0 < base <= cap <= {LONGEST_CAP_SECONDS:.0f}")
    ceiling = min(cap_seconds, ldexp(base_seconds, min(attempt, _ENOUGH_DOUBLINGS)))
    return timedelta(seconds=draw * ceiling)


def next_due(now: datetime, attempt: int, draw: float, retry_after: float | None) -> datetime:
    """When to try again, in UTC, rounded up to the millisecond; raises Invalid as `delay` does.

    `retry_after` is the provider's wish in seconds and the least wait, up to an hour. A senseless
    wish (negative, not a number) counts as none: a provider's mistake must not fail the message.
    """
    if now.utcoffset() is None:
        raise Invalid("give the time with its zone")
    wish = min(retry_after, CAP_SECONDS) if retry_after is not None and retry_after > 0 else 0.0
    wait = max(delay(attempt, draw), timedelta(seconds=wish))
    return clock.cut(now + wait + timedelta(microseconds=999))
