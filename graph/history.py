"""The history for analysis in the schema (T6)."""

from datetime import date, timedelta
from typing import Annotated

import strawberry

from graph.auth import Needs
from graph.context import Info
from graph.enums import Channel, HistoryKey, MessageStatus
from graph.paging import choices
from graph.scalars import Count
from rules.history import MOST_LINES, Key, Line, Wanted
from rules.message import Route, Status
from rules.roles import Permission
from services import analysis

USUAL_DAYS = timedelta(days=29)


@strawberry.input(description="Which messages: AND between the fields, OR inside one.")
class HistoryFilter:
    """Narrows the history."""

    channels: list[Channel] | None = strawberry.field(default=None, description="At most 100.")
    templates: list[str] | None = strawberry.field(default=None, description="Slugs.")
    topics: list[str] | None = strawberry.field(default=None, description="Keys, as of kinds.")
    statuses: list[MessageStatus] | None = strawberry.field(
        default=None, description="How they ended."
    )
    providers: list[str] | None = strawberry.field(default=None, description="Hosts.")

    def said(self) -> dict[Key, tuple[str, ...]]:
        """The same for the service; a list without values narrows nothing."""
        lists = {
            Key.CHANNEL: choices("filter.channels", self.channels),
            Key.TEMPLATE: choices("filter.templates", self.templates),
            Key.TOPIC: choices("filter.topics", self.topics),
            Key.STATUS: choices("filter.statuses", self.statuses),
            Key.PROVIDER: choices("filter.providers", self.providers),
        }
        return {key: tuple(map(str, values)) for key, values in lists.items() if values}


@strawberry.type(
    description="Messages that ended, counted together. A key that was not asked for is null."
)
class HistoryLine:
    """A line of the history as the schema has it."""

    day: date | None = strawberry.field(description="In UTC, the day on which they ended.")
    channel: Channel | None
    template: str | None = strawberry.field(description="Slug; null also for those without one.")
    topic: str | None = strawberry.field(
        description="Of a notification the key of its kind; null also for those without one."
    )
    status: MessageStatus | None = strawberry.field(description="How they ended.")
    provider: str | None = strawberry.field(
        description="The host that was asked last; null also where none ever was."
    )
    messages: Count = strawberry.field(description="Each once for every time it ended.")
    attempts: Count = strawberry.field(description="Tries that led to these endings.")
    average_delay_ms: float | None = strawberry.field(
        description="From due to sent, of those that were sent; null if none was."
    )
    median_delay_ms: float | None = strawberry.field(
        description="About the same of the middle one."
    )
    p95_delay_ms: float | None = strawberry.field(
        description="About what 95 of 100 did not exceed; off by less than a half."
    )
    longest_delay_ms: float | None = strawberry.field(description="Exactly.")

    @classmethod
    def of(cls, line: Line) -> "HistoryLine":
        """The line of a service's answer."""
        keys = line.keys
        channel, status = keys.get(Key.CHANNEL), keys.get(Key.STATUS)
        return cls(
            day=keys.get(Key.DAY),  # type: ignore[arg-type] # a day is a date, the others are texts
            channel=None if channel is None else Route(str(channel)),
            template=keys.get(Key.TEMPLATE),  # type: ignore[arg-type]
            topic=keys.get(Key.TOPIC),  # type: ignore[arg-type]
            status=None if status is None else Status(str(status)),
            provider=keys.get(Key.PROVIDER),  # type: ignore[arg-type]
            messages=Count(line.messages),
            attempts=Count(line.attempts),
            average_delay_ms=line.average_ms,
            median_delay_ms=line.percentile_ms(0.5),
            p95_delay_ms=line.percentile_ms(0.95),
            longest_delay_ms=line.longest_ms,
        )


@strawberry.type(description="What became of messages, by day and whatever else was asked for.")
class History:
    """The answer."""

    lines: list[HistoryLine] = strawberry.field(description="In the order of their keys.")
    truncated: bool = strawberry.field(description="Whether there are more than `limit`.")


@strawberry.type
class HistoryQuery:
    """Questions to the history."""

    @strawberry.field(
        description="Messages by how they ended, over days of up to ten years: also those whose "
        "rows are kept no longer, and today as of now.",
        extensions=[Needs(Permission.READ_STATISTICS)],
    )
    async def history(
        self,
        info: Info,
        since: Annotated[
            date | None,
            strawberry.argument(name="from", description="First day; else 29 before the last."),
        ] = None,
        upto: Annotated[
            date | None, strawberry.argument(name="to", description="Last day; else today.")
        ] = None,
        by: Annotated[
            list[HistoryKey] | None,
            strawberry.argument(description="What makes lines; without any there is one line."),
        ] = None,
        filter: HistoryFilter | None = None,
        limit: Annotated[
            int, strawberry.argument(description=f"Lines at most, up to {MOST_LINES}.")
        ] = 1_000,
    ) -> History:
        """Lines with their counts."""
        parts = info.context.parts
        now = await analysis.now(parts)
        last = upto or now.date()
        only = filter.said() if filter else {}
        wanted = Wanted(
            first=since or _before(last),
            last=last,
            by=tuple(dict.fromkeys(by or ())),
            only=only,
            limit=limit,
        )
        found = await analysis.history(parts, wanted, now)
        return History(
            lines=[HistoryLine.of(line) for line in found.lines], truncated=found.truncated
        )


def _before(last: date) -> date:
    return max(last, date.min + USUAL_DAYS) - USUAL_DAYS
