"""Scalars of our own: times with a zone, and JSON."""

from datetime import UTC, datetime
from typing import Any

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


SCALARS: dict[object, Any] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment: RFC 3339 with its zone; answers are in UTC with milliseconds.",
        specified_by_url=RFC3339,
        serialize=write_time,
        parse_value=read_time,
    ),
}

__all__ = ["JSON", "SCALARS", "read_time", "write_time"]
