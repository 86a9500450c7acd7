"""Waiting for conditions, never for time."""

import time
from collections.abc import Callable

STEP_SECONDS = 0.02


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    """Return as soon as the condition holds; fail if it doesn't within the limit."""
    last = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > last:
            raise AssertionError(f"not within {seconds} s: {condition}")
        time.sleep(STEP_SECONDS)
