"""Named places before and after each write, at which a test can make the process die.

`BELFRY_FAIL_AT=name` or `name:3` (the third time) kills the process there as `kill -9` would:
nothing is closed, nothing is flushed. Outside tests the setting is refused at start.
"""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass

from core.errors import ConfigurationError

_places: set[str] = set()
_armed: "_Plan | None" = None


@dataclass(slots=True)
class _Plan:
    place: str
    left: int
    act: Callable[[], None]


def place(name: str) -> str:
    """Register a place when its module is loaded; a name stands for one place only."""
    if name in _places:
        raise ValueError(f"there is a place {name} already")
    _places.add(name)
    return name


def places() -> frozenset[str]:
    """The places of all modules that are loaded."""
    return frozenset(_places)


def reach(name: str) -> None:
    """Say that the process has come to a place; it may not survive that."""
    plan = _armed
    if plan is not None and plan.place == name:
        plan.left -= 1
        if plan.left == 0:
            plan.act()


def arm(said: str, *, testing: bool, act: Callable[[], None] | None = None) -> None:
    """Plan to `act` (to die, if nothing is said) at a place; "" disarms.

    Raises ConfigurationError outside tests, for an unknown place and for a senseless count.
    """
    global _armed  # noqa: PLW0603 - one plan for the whole process
    if not said:
        _armed = None
        return
    if not testing:
        raise ConfigurationError(
            "BELFRY_FAIL_AT: kills the process; it is for tests only, unset it"
        )
    name, _, count = said.partition(":")
    if name not in _places:
        raise ConfigurationError(f"BELFRY_FAIL_AT: places are {', '.join(sorted(_places))}")
    if not count:
        count = "1"
    if not count.isdecimal() or int(count) < 1:
        raise ConfigurationError("BELFRY_FAIL_AT: after the colon comes a number from 1")
    _armed = _Plan(name, int(count), act or _die)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
