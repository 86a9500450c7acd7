"""What became of the messages of a day, mailing by mailing (M20)."""

from collections import Counter as Tally
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import ExecutionTimeout

from core.errors import Checklist, InvalidInput, Problem, Unavailable
from core.parts import Parts
from models.ending import Ending
from rules import report as rules
from rules.message import Status
from rules.report import Line, Reason, Report
from services import counters, mailings, messages

MOST_MAILINGS = 50
MOST_REASONS = 3
LIMIT_MS = 20_000
PERSONAL = "Personal messages"
TOTAL = "All"

Row: TypeAlias = dict[str, Any]
Key: TypeAlias = ObjectId | None
"""A mailing; None for the messages of none."""


@dataclass(slots=True)
class _Sums:
    by_status: Tally[Status] = field(default_factory=Tally)
    reasons: Tally[str] = field(default_factory=Tally)
    attempts: int = 0

    def add(self, group: Row) -> None:
        status = Status(group["_id"]["status"])
        self.by_status[status] += group["messages"]
        self.attempts += group["attempts"]
        if status not in rules.SENT and (why := group["_id"].get("why")):
            self.reasons[why] += group["messages"]

    def line(self, name: str, mailing: Mapping[str, Any], left: int | None) -> Line:
        return Line(
            name,
            dict(self.by_status),
            self.attempts,
            tuple(Reason(*each) for each in self.reasons.most_common(MOST_REASONS)),
            mailing_id=str(mailing["_id"]) if mailing else None,
            started_at=(mailing.get("launch") or {}).get("started_at"),
            settled_at=mailing.get("settled_at") if mailing.get("settled") else None,
            left=left,
        )


async def report(parts: Parts, day: date, zone: ZoneInfo, now: datetime) -> Report:
    """What ended in a day, so far if it is not over; at the cost of reading that day's rows.

    Mailings that run but had no ending have lines, too: that may be what is wrong with them.
    Raises InvalidInput for days to come and those whose rows are gone, and Unavailable.
    """
    since, until = check(parts, day, zone, now)
    sums: defaultdict[Key, _Sums] = defaultdict(_Sums)
    total = _Sums()
    try:
        async with parts.mongo.start_session(snapshot=True) as session:
            async for group in _groups(since, until, session):
                sums[group["_id"].get("mailing")].add(group)
                total.add(group)
            for mailing_id in await _running(until, session):
                sums[mailing_id].attempts += 0
            shown = _shown(sums)
            lines = await _lines(sums, shown, session)
    except ExecutionTimeout as error:
        raise Unavailable("too many messages ended in that day to be counted now") from error
    others = len(sums.keys() - shown - {None})
    return Report(day, zone.key, since, until, total.line(TOTAL, {}, None), lines, others)


def check(parts: Parts, day: date, zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime]:
    """From when to when a day is counted; raises InvalidInput."""
    checks = Checklist()
    kept = parts.settings.message_days
    try:
        since, until = rules.span(day, zone)
    except OverflowError:
        raise InvalidInput.at("date", "lies outside of the calendar") from None
    if since >= now:
        checks.add("date", "has not begun yet; ask for a day until today")
    if kept and since < now - timedelta(days=kept):
        message = f"is too long ago: messages are kept for {kept} days; `history` counts older ones"
        checks.add("date", message, Problem.NOT_FOUND)
    checks.close()
    return since, min(until, now)


async def _groups(
    since: datetime, until: datetime, session: AsyncClientSession
) -> AsyncIterator[Row]:
    ended = {"$match": {"closed_at": {"$gte": since, "$lt": until}}}
    before = {"$ifNull": ["$attempts_before", 0]}
    ways = (
        (messages.collection(), {"$subtract": ["$attempts", before]}, "$why"),
        (Ending.get_pymongo_collection(), "$attempts", None),
    )
    for rows, attempts, why in ways:
        key = {"mailing": {"$ifNull": ["$mailing_id", None]}, "status": "$status", "why": why}
        sums = {"messages": {"$sum": 1}, "attempts": {"$sum": attempts}}
        stages: list[Row] = [ended, {"$group": {"_id": key, **sums}}]
        found = await rows.aggregate(stages, session=session, maxTimeMS=LIMIT_MS)
        async for group in found:
            yield group


async def _running(until: datetime, session: AsyncClientSession) -> list[ObjectId]:
    begun = {"settled": False, "launch.started_at": {"$lt": until}}
    found = mailings.collection().find(begun, {"_id": 1}, session=session).limit(MOST_MAILINGS)
    return [row["_id"] async for row in found]


def _shown(sums: Mapping[Key, _Sums]) -> set[Key]:
    """Those with most endings; personal messages always have a line."""
    most = sorted(
        (key for key in sums if key is not None),
        key=lambda key: (-sums[key].by_status.total(), key),
    )
    return {*most[:MOST_MAILINGS], *({None} & sums.keys())}


async def _lines(
    sums: Mapping[Key, _Sums], shown: Iterable[Key], session: AsyncClientSession
) -> tuple[Line, ...]:
    ids = [key for key in shown if key is not None]
    fields = {"name": 1, "launch.started_at": 1, "settled": 1, "settled_at": 1}
    found = mailings.collection().find({"_id": {"$in": ids}}, fields, session=session)
    known = {row["_id"]: row async for row in found}
    left = await counters.read_each(ids, session)
    lines = [
        sums[key].line(
            PERSONAL if key is None else known.get(key, {}).get("name", str(key)),
            known.get(key, {}) if key is not None else {},
            None if key is None else left[key][counters.OPEN_KEY],
        )
        for key in shown
    ]
    return tuple(sorted(lines, key=lambda line: (-line.total, line.name)))
