"""What a worker does at most once at a time, however many jobs ask for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def once(ctx: dict[str, Any], what: str) -> Iterator[bool]:
    """Whether nothing in this life of the worker does `what` already; if so, the block does."""
    doing: set[str] = ctx["doing"]
    if what in doing:
        yield False
        return
    doing.add(what)
    try:
        yield True
    finally:
        doing.discard(what)
