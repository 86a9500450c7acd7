"""Measures: what became of messages, out of their rows, as the history counts it (T6).

A message counts on the day it ended, once per ending: the last one stands in its row, those
before it in `models/ending.py`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeAlias

from pymongo.asynchronous.client_session import AsyncClientSession

from models.ending import Ending
from models.mailing import Mailing
from rules.delay import PER_DOUBLING
from rules.message import Status
from services.messages import collection

Row: TypeAlias = dict[str, Any]
Span: TypeAlias = tuple[datetime, datetime]
"""From a moment on, up to but without another."""

LIMIT_MS = 240_000
"""MongoDB keeps a snapshot for 5 minutes."""

_SENT_AFTER = {
    "$cond": [
        {"$eq": ["$status", Status.SENT]},
        {"$max": [0, {"$subtract": ["$sent_at", {"$ifNull": ["$first_due_at", "$due_at"]}]}]},
        None,
    ]
}
_SLOT = {
    "$cond": [
        {"$eq": ["$status", Status.SENT]},
        {
            "$toInt": {
                "$floor": {"$multiply": [PER_DOUBLING, {"$log": [{"$add": [_SENT_AFTER, 1]}, 2]}]}
            }
        },
        None,
    ]
}
_OF_MESSAGES = {
    "template": {"$ifNull": ["$template.slug", None]},
    "topic": {"$ifNull": ["$topic", "$kind", None]},
    "slot": _SLOT,
    "attempts": {"$subtract": ["$attempts", {"$ifNull": ["$attempts_before", 0]}]},
    "delay": _SENT_AFTER,
}
_OF_ENDINGS = {
    "template": {"$ifNull": ["$template", None]},
    "topic": {"$ifNull": ["$topic", None]},
    "slot": None,
    "attempts": "$attempts",
    "delay": None,
}
"""What is sent stays sent."""
_SUMS = {
    "messages": {"$sum": "$messages"},
    "attempts": {"$sum": "$attempts"},
    "delay_ms": {"$sum": "$delay_ms"},
    "longest_ms": {"$max": "$longest_ms"},
}


async def measure(
    spans: Sequence[Span],
    session: AsyncClientSession,
    then: Sequence[Row] = (),
    limit_ms: int = LIMIT_MS,
) -> list[list[Row]]:
    """What ended within the spans, by day and sort, as in `models/rollup.py`, and then more stages.

    One list of the rows and one of the endings before; in a session with a snapshot both are of
    one moment, so that a message that is tried again meanwhile is in one of them.
    """
    if not spans:
        return []
    ended = [{"closed_at": {"$gte": since, "$lt": until}} for since, until in spans]
    chosen = ended[0] if len(ended) == 1 else {"$or": ended}
    ways = (
        (collection(), _OF_MESSAGES),
        (Ending.get_pymongo_collection(), _OF_ENDINGS),
    )
    found = []
    for rows, fields in ways:
        stages = [{"$match": chosen}, *_stages(fields), *then]
        cursor = await rows.aggregate(stages, session=session, maxTimeMS=limit_ms)
        found.append(await cursor.to_list())
    return found


def _stages(of: Row) -> list[Row]:
    """From rows to measures. A mailing's messages have its template and topic.

    Without a $project before: MongoDB then groups rows in a third less time.
    """
    key = {
        "day": {"$dateTrunc": {"date": "$closed_at", "unit": "day"}},
        "mailing_id": {"$ifNull": ["$mailing_id", None]},
        "channel": "$channel",
        "template": of["template"],
        "topic": of["topic"],
        "status": "$status",
        "provider": {"$ifNull": ["$provider", None]},
        "slot": of["slot"],
    }
    sums = {
        "messages": {"$sum": 1},
        "attempts": {"$sum": of["attempts"]},
        "delay_ms": {"$sum": of["delay"]},
        "longest_ms": {"$max": of["delay"]},
    }
    return [
        {"$group": {"_id": key, **sums}},
        *_with_mailings(),
        {"$replaceWith": {"$mergeObjects": ["$$ROOT", "$_id"]}},
        {"$unset": "_id"},
    ]


def _with_mailings() -> list[Row]:
    said = [{"$project": {"template": "$template.slug", "topic": 1}}]
    of: Row = {name: f"$_id.{name}" for name in ("channel", "status", "provider")}
    of |= {
        name: {"$ifNull": [f"$_id.{name}", f"$mailing.{name}", None]}
        for name in ("template", "topic")
    }
    return [
        {
            "$lookup": {
                "from": Mailing.get_pymongo_collection().name,
                "localField": "_id.mailing_id",
                "foreignField": "_id",
                "pipeline": said,
                "as": "mailing",
            }
        },
        {"$set": {"mailing": {"$first": "$mailing"}}},
        {"$group": {"_id": {"day": "$_id.day", "of": of, "slot": "$_id.slot"}, **_SUMS}},
    ]
