"""Messages, attempts and the history by the page, for a warehouse elsewhere (T6)."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from core.parts import Parts
from models.attempt import Attempt
from models.message import EPOCH
from rules.history import Key, Line, Wanted
from services import analysis, exports, messages
from services.idempotency import Row

SLACK = timedelta(hours=1)
"""Ids of old attempts tell the time of a worker and not of the database."""
MOST_DAYS = 31
"""Of the history, what is read at once."""
MOST_LINES = 100_000
"""Of as many days as are read at once: days that have more are read with fewer others."""
MOST_LINES_OF_A_DAY = 1_000_000


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which messages, or attempts: AND between the fields, OR inside one."""

    mailing_id: ObjectId | None = None
    channels: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    """Of messages; of attempts their verdicts."""
    since: datetime | None = None
    until: datetime | None = None

    def query(self, status: str) -> Row:
        """All but the times."""
        query: Row = {} if self.mailing_id is None else {"mailing_id": self.mailing_id}
        if self.channels:
            query["channel"] = {"$in": list(self.channels)}
        if self.statuses:
            query[status] = {"$in": list(self.statuses)}
        return query

    def span(self) -> Row:
        """The times, as a condition on a field; empty without any."""
        said = {"$gte": self.since, "$lt": self.until}
        return {sign: moment for sign, moment in said.items() if moment is not None}


def of_messages(chosen: Chosen, fields: Iterable[str]) -> AsyncGenerator[list[Row], None]:
    """Messages by rising id; given a span, those that ended in it, in that order."""
    query, span = chosen.query("status"), chosen.span()
    if not span:
        return exports.pages(messages.collection(), query, fields)
    ended = {**query, "closed_at": {"$gt": EPOCH, **span}}
    return exports.pages(
        messages.collection(),
        ended,
        [*fields, "closed_at"],
        exports.Order("closed_at", "by_ending"),
    )


def of_attempts(chosen: Chosen, fields: Iterable[str]) -> AsyncGenerator[list[Row], None]:
    """Attempts in the order in which they were made; those of a mailing message by message."""
    query = chosen.query("verdict")
    if span := chosen.span():
        query["started_at"] = span
    if chosen.mailing_id is not None:
        return _of_mailing(chosen.mailing_id, query, list(fields))
    ids = {}
    if chosen.since is not None:
        ids["$gte"] = ObjectId.from_datetime(max(chosen.since, EPOCH + SLACK) - SLACK)
    if chosen.until is not None:
        ids["$lt"] = ObjectId.from_datetime(max(chosen.until, EPOCH) + SLACK)
    if ids:
        query["_id"] = ids
    return exports.pages(Attempt.get_pymongo_collection(), query, fields)


async def _of_mailing(
    mailing_id: ObjectId, query: Row, fields: list[str]
) -> AsyncGenerator[list[Row], None]:
    """By its messages, since attempts have no index by mailings."""
    of_mailing = exports.pages(messages.collection(), {"mailing_id": mailing_id}, ["_id"])
    attempts, shown = Attempt.get_pymongo_collection(), dict.fromkeys(fields, 1)
    async with aclosing(of_mailing) as pages:
        async for page in pages:
            wanted = {**query, "message_id": {"$in": [row["_id"] for row in page]}}
            found = attempts.find(wanted, shown, hint="message")
            async with found.sort([("message_id", 1), ("started_at", 1)]) as rows:
                while batch := await rows.to_list(exports.BATCH):
                    yield batch


async def of_history(parts: Parts, wanted: Wanted) -> AsyncGenerator[list[Line], None]:
    """The history by everything that it can be grouped by, a month at a time, or what fits."""
    analysis.check(wanted)
    now = await analysis.now(parts)
    first, last = wanted.first, min(wanted.last, now.date())
    days = MOST_DAYS
    while first <= last:
        until = min(first + timedelta(days=days - 1), last)
        days = (until - first).days + 1
        limit = MOST_LINES if days > 1 else MOST_LINES_OF_A_DAY
        part = replace(wanted, first=first, last=until, by=tuple(Key), limit=limit)
        found = await analysis.lines(parts, part, now)
        if not found.truncated:
            yield found.lines
            first, days = until + timedelta(days=1), min(2 * days, MOST_DAYS)
        elif days > 1:
            days //= 2
        else:
            raise RuntimeError(f"more than {limit} lines on {first}")


def flat(row: Row) -> Row:
    """A message's row with what its columns name, also where it stands inside."""
    template: dict[str, Any] = row.get("template") or {}
    return {
        **row,
        "topic": row.get("topic") or row.get("kind"),
        "template": template.get("slug"),
        "template_version": template.get("version"),
        "due_at": row.get("first_due_at") or row.get("due_at"),
    }
