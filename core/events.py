"""What happened, said once: business code emits an event; logs and metrics listen."""

from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

Listener: TypeAlias = Callable[[str, Mapping[str, object]], None]
Level: TypeAlias = Literal["info", "warning", "error"]

_TROUBLE = (".failed", ".lost", ".unreachable")
_ALARM = (".differ",)
"""What can't happen has happened: somebody has to look."""

_listeners: list[Listener] = []
_counting: list[Listener] = []


def emit(name: str, **fields: object) -> None:
    """Tell every listener that `name` (noun.verb in the past) happened; fields carry the ids."""
    for listener in tuple(_listeners):
        listener(name, fields)


def note(name: str, **fields: object) -> None:
    """Tell only those who count, for it happens too often for a log, or says little by itself."""
    for listener in tuple(_counting):
        listener(name, fields)


def subscribe(listener: Listener) -> Callable[[], None]:
    """Call `listener` for every event from now on; returns the way to stop it."""
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)


def subscribe_to_notes(listener: Listener) -> Callable[[], None]:
    """Call `listener` for every note from now on; returns the way to stop it."""
    _counting.append(listener)
    return lambda: _counting.remove(listener)


def level(name: str) -> Level:
    """How grave an event is; its name says so."""
    if name.endswith(_TROUBLE):
        return "warning"
    return "error" if name.endswith(_ALARM) else "info"
