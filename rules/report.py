"""The daily report: which day it is about, when it is due, and what it says of it (M20).

A day is one of the calendar in a zone, so it has 23 or 25 hours where clocks change. The spans of
days follow each other without a gap; a day that a zone leaves out is empty.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from rules.message import Status

MARGIN = timedelta(minutes=15)
"""After the end of a day: by then all is written that ended in it, but for long outages."""
MOST_MADE_UP = 3
"""Days that were missed and are still reported: a weekend. Older ones are asked for by hand."""

SENT = (Status.SENT,)
TROUBLE = (Status.FAILED, Status.UNDELIVERABLE, Status.EXPIRED, Status.UNCERTAIN)
"""What somebody may have to look at."""
ENDINGS = (*SENT, *TROUBLE, Status.SUPPRESSED, Status.CANCELLED)
"""All of them, in the order in which they are shown."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why messages ended otherwise than sent, as their rows say it."""

    text: str
    messages: int


@dataclass(frozen=True, slots=True)
class Line:
    """What ended in the day: of one mailing, of personal messages, or of all."""

    name: str
    by_status: Mapping[Status, int] = field(default_factory=dict)
    attempts: int = 0
    reasons: tuple[Reason, ...] = ()
    """The most frequent first, three at most."""
    mailing_id: str | None = None
    started_at: datetime | None = None
    settled_at: datetime | None = None
    """None while anything of the mailing is open."""
    left: int | None = None
    """Messages of the mailing that were open when the report was made."""

    @property
    def total(self) -> int:
        """Messages that ended."""
        return sum(self.by_status.values())

    def count(self, statuses: tuple[Status, ...]) -> int:
        """Those that ended in one of these."""
        return sum(self.by_status.get(status, 0) for status in statuses)


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the messages of one day."""

    day: date
    zone: str
    since: datetime
    until: datetime
    """The first moment that is no more of it; for today the moment at which it was made."""
    total: Line
    lines: tuple[Line, ...]
    """Those with most messages first."""
    others: int = 0
    """Mailings that had endings, too, but have no line."""


def span(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first moment of a day, and that of the next one, in UTC."""
    return _begins(day, zone), _begins(day + _DAY, zone)


def due_at(day: date, at: time, zone: ZoneInfo) -> datetime:
    """When the report on a day is made: at that time of the next day, but not before its end."""
    wanted = datetime.combine(day + _DAY, at, zone).astimezone(UTC)
    return max(wanted, span(day, zone)[1] + MARGIN)


def newest(now: datetime, at: time, zone: ZoneInfo) -> date:
    """The last day whose report is due."""
    day = now.astimezone(zone).date()
    while due_at(day, at, zone) > now:
        day -= _DAY
    return day


def missing(newest: date, last: date | None) -> list[date]:
    """The days to report on, the oldest first, after the last one that was; at first only one."""
    if last is None:
        return [newest]
    first = max(last + _DAY, newest - (MOST_MADE_UP - 1) * _DAY)
    return [first + count * _DAY for count in range((newest - first).days + 1)]


def _begins(day: date, zone: ZoneInfo) -> datetime:
    # Where midnight comes twice the first one counts; where it is leapt over, the leap.
    return datetime.combine(day, time(), zone).astimezone(UTC)
