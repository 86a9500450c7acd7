"""Reports by e-mail: the daily one, once for each day whatever happens, and those by hand (M20).

A report's e-mails are personal messages, which leave by the durable lane: they are queued in the
transaction that notes that the day has its report. So any number of workers may try at once.
"""

import uuid
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from core import events, failpoints, mongo
from core.errors import Checklist, ConfigurationError, Invalid
from core.parts import Parts
from core.settings import Settings
from models import report as documents
from rules import addresses, report_page, window
from rules import report as rules
from rules.message import Route
from rules.report import Report
from services import idempotency, messages, personal, reports
from services.idempotency import Once, Row
from services.personal import Personal

MOST_ADDRESSES = 20
LIFE = timedelta(days=3)
"""How long a report is tried: over a weekend without a mail server."""

_STORED = failpoints.place("reports.stored")
_COMMITTED = failpoints.place("reports.committed")


def recipients(settings: Settings) -> list[str]:
    """Where daily reports go, nowhere if empty; raises ConfigurationError naming a bad setting."""
    said = [each.strip() for each in settings.report_to.split(",") if each.strip()]
    try:
        found = [addresses.email(each) for each in said]
        window.opening(settings.report_at)
        addresses.time_zone(settings.report_zone)
    except Invalid as error:
        raise ConfigurationError(f"REPORT_TO, REPORT_AT or REPORT_ZONE: {error}") from None
    if len(found) > MOST_ADDRESSES:
        raise ConfigurationError(f"REPORT_TO: name at most {MOST_ADDRESSES} addresses")
    return list(dict.fromkeys(found))


async def make_due(parts: Parts, now: datetime) -> int:
    """Queue the reports of days that have none yet, the oldest first; how many days it was."""
    to = recipients(parts.settings)
    if not to:
        return 0
    at, zone = _at(parts.settings), ZoneInfo(parts.settings.report_zone)
    made = 0
    for day in rules.missing(rules.newest(now, at, zone), await _last()):
        found = await reports.report(parts, day, zone, now)
        made += await _store(parts, found, to, now)
    return made


async def send(
    parts: Parts, caller: str, found: Report, to: Sequence[str] = (), key: str | None = None
) -> list[str]:
    """Queue a report now, to these addresses or to REPORT_TO; to whom. A repeat of a key sends none.

    Raises InvalidInput.
    """
    checked = _checked(parts, to)
    source = f"report:{found.day}:{uuid.uuid4()}"

    async def work(session: AsyncClientSession | None) -> Row:
        assert session is not None
        await personal.add_many(session, _letters(found, source, checked, caller, now), now)
        return {"to": checked}

    now = await mongo.now(parts.mongo)
    once = Once.of(caller, "sendReport", key, [str(found.day), found.zone, checked])
    if once is None:
        answer = await mongo.promptly(parts.mongo, work)
    else:
        answer = await idempotency.run(parts.mongo, once, work)
    messages.wake(parts)
    events.emit("report.asked", day=found.day.isoformat(), by=caller, count=len(checked))
    sent_to: list[str] = answer["to"]
    return sent_to


async def _store(parts: Parts, found: Report, to: Sequence[str], now: datetime) -> bool:
    """Note that the day has its report, and queue that; False if another worker was first."""
    row = {
        "_id": found.day.isoformat(),
        "zone": found.zone,
        "made_at": now,
        "messages": found.total.total,
    }
    letters = _letters(found, f"report:{found.day}", to, None, now)
    try:
        await mongo.in_transaction(parts.mongo, partial(_write, row, letters, now))
    except DuplicateKeyError:
        return False
    failpoints.reach(_COMMITTED)
    messages.wake(parts)
    events.emit("report.made", day=row["_id"], messages=row["messages"], count=len(to))
    return True


async def _write(
    row: Row, letters: Sequence[Personal], now: datetime, session: AsyncClientSession
) -> None:
    await documents.Report.get_pymongo_collection().insert_one(row, session=session)
    failpoints.reach(_STORED)
    await personal.add_many(session, letters, now)


def _letters(
    found: Report, source: str, to: Sequence[str], by: str | None, now: datetime
) -> list[Personal]:
    content = {
        "subject": report_page.subject(found),
        "text": report_page.text(found),
        "html": report_page.html(found),
    }
    links: dict[str, Any] = {} if by is None else {"by": by}
    return [
        Personal(
            source=source,
            recipient=address,
            route=Route.EMAIL,
            address=address,
            content=content,
            due_at=now,
            end_at=now + LIFE,
            links=links,
        )
        for address in to
    ]


async def _last() -> date | None:
    found = documents.Report.get_pymongo_collection().find({}, {"_id": 1}).sort("_id", -1).limit(1)
    return next((date.fromisoformat(row["_id"]) for row in await found.to_list()), None)


def _at(settings: Settings) -> time:
    return window.opening(settings.report_at)


def _checked(parts: Parts, to: Sequence[str]) -> list[str]:
    checks = Checklist()
    if len(to) > MOST_ADDRESSES:
        checks.add("to", f"has {len(to)} addresses; name at most {MOST_ADDRESSES}")
        checks.close()
    given = [checks.take(f"to.{place}", addresses.email, one) for place, one in enumerate(to)]
    found = [one for one in given if one is not None] if to else recipients(parts.settings)
    if not found and not checks.errors:
        checks.add("to", "name an address: REPORT_TO has none")
    checks.close()
    return list(dict.fromkeys(found))
