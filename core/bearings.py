"""Where the work at hand belongs: the ids that every line of the log carries meanwhile (M23)."""

from collections.abc import Mapping
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass
from typing import Protocol

NOWHERE: Mapping[str, object] = {}


class Bearings(Protocol):
    """What knows its ids; they are asked for only when something is logged."""

    def ids(self) -> Mapping[str, object]:
        """By the names that lines have them under."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job of a worker."""

    id: str

    def ids(self) -> Mapping[str, object]:
        """Its id, which carries the name of its worker."""
        return {"job": self.id}


_current: ContextVar[Bearings | None] = ContextVar("bearings", default=None)


def take(bearings: Bearings) -> None:
    """From now on this task, and those that it starts, work for that."""
    _current.set(bearings)


def apart() -> Context:
    """For a task that works for many, and only happens to be begun by one."""
    context = copy_context()
    context.run(_current.set, None)
    return context


def ids() -> Mapping[str, object]:
    """Those of the work at hand."""
    current = _current.get()
    return NOWHERE if current is None else current.ids()
