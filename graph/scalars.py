"""Scalars of our own: times with a zone, days, large counts, and JSON."""

from datetime import UTC, date, datetime
from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.scalars import JSON

from core import clock

RFC3339 = "https://scalars.graphql.org/andimarek/date-time.html"


def write_time(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, as in 2026-01-31T09:00:00.000Z."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return f"{moment.isoformat(timespec='milliseconds')[: -len('+00:00')]}Z"


def read_time(raw: Any) -> datetime:  # noqa: ANN401 - whatever the client sent
    """A time with its zone; raises GraphQLError on anything else."""
    advice = "a time needs its zone, as in 2026-01-31T09:00:00Z or 2026-01-31T12:00:00+03:00"
    if not isinstance(raw, str):
        raise GraphQLError(advice)
    try:
        return clock.cut(datetime.fromisoformat(raw))
    except (ValueError, OverflowError):
        raise GraphQLError(f"{raw[:64]!r} is no time: {advice}") from None


def read_date(raw: Any) -> date:  # noqa: ANN401 - whatever the client sent
    """A day; raises GraphQLError on anything else."""
    advice = "a day is written as in 2026-01-31"
    if not isinstance(raw, str):
        raise GraphQLError(advice)
    try:
        found = date.fromisoformat(raw)
    except ValueError:
        found = None
    if found is None or found.isoformat() != raw:  # Python knows other ways to write it
        raise GraphQLError(f"{raw[:64]!r} is no day: {advice}")
    return found


Count = NewType("Count", int)

SCALARS: dict[object, Any] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment: RFC 3339 with its zone; answers are in UTC with milliseconds.",
        specified_by_url=RFC3339,
        serialize=write_time,
        parse_value=read_time,
    ),
    date: strawberry.scalar(
        name="Date",
        description="A day of the calendar, as in 2026-01-31: RFC 3339's full-date.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
        serialize=date.isoformat,
        parse_value=read_date,
    ),
    Count: strawberry.scalar(
        name="Count",
        description="A whole number that may not fit into an Int; it does into a double.",
        serialize=int,
    ),
}

__all__ = ["JSON", "SCALARS", "Count", "read_date", "read_time", "write_time"]
