"""What happened, said once: business code emits an event; logs and metrics listen."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

Listener: TypeAlias = Callable[[str, Mapping[str, object]], None]

_listeners: list[Listener] = []


def emit(name: str, **fields: object) -> None:
    """Tell every listener that `name` (noun.verb in the past) happened; fields carry the ids."""
    for listener in tuple(_listeners):
        listener(name, fields)


def subscribe(listener: Listener) -> Callable[[], None]:
    """Call `listener` for every event from now on; returns the way to stop it."""
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)
