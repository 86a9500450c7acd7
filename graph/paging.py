"""Connections as Relay has them: keyset cursors, a hard maximum, never an unbounded list."""

from collections.abc import Sequence
from typing import TypeVar

import strawberry

from core.errors import InvalidInput, Problem

LARGEST_PAGE = 100
MOST_CHOICES = 100
"""Values in one list of a filter."""

Choice = TypeVar("Choice")


@strawberry.type(description="Whether there is more, and where to go on.")
class PageInfo:
    """Relay's PageInfo."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


def page_size(first: int, field: str = "first") -> int:
    """The size asked for; raises InvalidInput unless it is from 0 to the maximum."""
    if not 0 <= first <= LARGEST_PAGE:
        raise InvalidInput.at(field, f"must be from 0 to {LARGEST_PAGE}, not {first}")
    return first


def skip(count: int, field: str = "skip") -> int:
    """How many to leave out; raises InvalidInput on a negative count."""
    if count < 0:
        raise InvalidInput.at(field, f"must not be negative, as {count} is")
    return count


def choices(field: str, said: Sequence[Choice] | None) -> tuple[Choice, ...]:
    """What a list of a filter names, each once; raises InvalidInput on a list too long."""
    if said is not None and len(said) > MOST_CHOICES:
        message = f"give at most {MOST_CHOICES} values, not {len(said)}"
        raise InvalidInput.at(field, message, Problem.TOO_MANY)
    return tuple(dict.fromkeys(said or ()))


def page_info(cursors: list[str], *, has_next: bool, has_previous: bool) -> PageInfo:
    """The PageInfo of a page with these cursors."""
    return PageInfo(
        has_next_page=has_next,
        has_previous_page=has_previous,
        start_cursor=cursors[0] if cursors else None,
        end_cursor=cursors[-1] if cursors else None,
    )
