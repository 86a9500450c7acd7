"""The history for analysis: roll-ups of the days that are over, and the rows of the others (T6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias

from pymongo.errors import ExecutionTimeout

from core import mongo
from core.errors import Checklist, Unavailable
from core.parts import Parts
from models.rollup import RolledDay, Rollup
from rules import history as rules
from rules.history import MOST_DAYS, MOST_LINES, Key, Line, Wanted
from services import measures, rollups

LIMIT_MS = 20_000
Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class History:
    """Lines in the order of their keys, and whether there are more."""

    lines: list[Line]
    truncated: bool


async def now(parts: Parts) -> datetime:
    """The time by which days begin: the database's."""
    return await mongo.now(parts.mongo)


async def history(parts: Parts, wanted: Wanted, now: datetime) -> History:
    """What became of the messages that ended in these days; raises InvalidInput and Unavailable.

    Each day is counted by its roll-up, or, as long as it has none, by its rows: which of them is
    settled in the same snapshot as the rows, so that nothing is lost or counted twice.
    """
    check(wanted)
    return await lines(parts, wanted, now)


async def lines(parts: Parts, wanted: Wanted, now: datetime) -> History:
    """The same for any number of lines; raises Unavailable."""
    try:
        groups = await _groups(parts, wanted, now)
    except ExecutionTimeout as error:
        message = "too many messages ended that are not rolled up yet; ask for fewer days"
        raise Unavailable(message) from error
    found = rules.lines(wanted.by, groups)
    return History(found[: wanted.limit], len(found) > wanted.limit)


def check(wanted: Wanted) -> None:
    """Raise InvalidInput with everything that is wrong with a question."""
    checks = Checklist()
    if wanted.last < wanted.first:
        checks.add("to", "comes before `from`; give a later day")
    elif (wanted.last - wanted.first).days >= MOST_DAYS:
        checks.add("from", f"lies too far back; ask for at most {MOST_DAYS} days at once")
    if not 1 <= wanted.limit <= MOST_LINES:
        checks.add("limit", f"must be from 1 to {MOST_LINES}, not {wanted.limit}")
    checks.close()


async def _groups(parts: Parts, wanted: Wanted, now: datetime) -> list[Row]:
    stages = _stages(wanted)
    async with parts.mongo.start_session(snapshot=True) as session:
        days = {"$gte": wanted.first.isoformat(), "$lte": wanted.last.isoformat()}
        query = {"_id": days, "run": {"$ne": None}}
        found = RolledDay.get_pymongo_collection().find(query, {"run": 1}, session=session)
        runs = {row["_id"]: row["run"] async for row in found}
        spans = _spans(wanted.first, min(wanted.last, now.date()), runs)
        live = await measures.measure(spans, session, stages, LIMIT_MS)
    return [group for groups in live for group in groups] + await _rolled(wanted, runs, stages)


async def _rolled(wanted: Wanted, runs: dict[str, Any], stages: Sequence[Row]) -> list[Row]:
    if not runs:
        return []
    days = {"$gte": rollups.begins(wanted.first), "$lte": rollups.begins(wanted.last)}
    chosen: Row = {"day": days, "run": {"$in": list(runs.values())}}
    found = await Rollup.get_pymongo_collection().aggregate(
        [{"$match": chosen}, *stages], maxTimeMS=LIMIT_MS
    )
    return await found.to_list()


def _spans(first: date, last: date, rolled: dict[str, Any]) -> list[measures.Span]:
    """The days without a roll-up, as few spans as they fall into."""
    spans: list[measures.Span] = []
    for count in range((last - first).days + 1):
        day = first + timedelta(days=count)
        if day.isoformat() not in rolled:
            since = rollups.begins(day)
            if spans and spans[-1][1] == since:
                since = spans.pop()[0]
            spans.append((since, rollups.begins(day) + rollups.DAY))
    return spans


def _stages(wanted: Wanted) -> list[Row]:
    """From measures to groups: by slot first, so that a group has each slot once."""
    only = {f"of.{key.value}": {"$in": list(values)} for key, values in wanted.only.items()}
    keys = {key.value: "$day" if key is Key.DAY else f"$of.{key.value}" for key in wanted.by}
    again = {key.value: f"$_id.{key.value}" for key in wanted.by}
    sums: Row = {name: {"$sum": f"${name}"} for name in ("messages", "attempts", "delay_ms")}
    sums["longest_ms"] = {"$max": "$longest_ms"}
    slots = {"$push": {"slot": "$_id.slot", "messages": "$messages"}}
    return [
        {"$match": only},
        {"$group": {"_id": {**keys, "slot": "$slot"}, **sums}},
        {"$group": {"_id": again, "slots": slots, **sums}},
        {"$sort": {"_id": 1}},
        {"$limit": wanted.limit + 1},
    ]
