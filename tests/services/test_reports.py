"""What a day's report counts, and that each day has one e-mail, whatever happens."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core import failpoints, mongo
from core.errors import ConfigurationError, InvalidInput
from core.parts import Parts
from models.ending import Ending
from rules.message import Status
from services import daily_reports, mailings, messages, reports
from tests import factories
from tests.services import days

BERLIN = ZoneInfo("Europe/Berlin")
OCTOBER = date(2026, 10, 25)
"""Of 25 hours in Berlin: from 22:00 UTC the day before, until 23:00."""
NOON = datetime(2026, 10, 26, 12, tzinfo=UTC)


@pytest.fixture
def parts(parts: Parts) -> Parts:
    """The same, and two people get reports."""
    said = {"report_to": "ops@example.com, cto@example.com", "report_zone": "Europe/Berlin"}
    return replace(parts, settings=parts.settings.model_copy(update=said))


async def queued() -> list[dict[str, Any]]:
    return await messages.collection().find({"content.html": {"$exists": True}}).to_list()


async def made(parts: Parts) -> list[str]:
    rows = mongo.database(parts.mongo)["reports"].find().sort("_id", 1)
    return [row["_id"] async for row in rows]


async def test_a_day_is_the_zones_own(parts: Parts) -> None:
    for clock, day in (("21:59", 24), ("22:00", 24), ("22:59", 25), ("23:00", 25)):
        await days.ended(days.at(date(2026, 10, day), clock))
    found = await reports.report(parts, OCTOBER, BERLIN, NOON)
    assert found.total.by_status == {Status.SENT: 2}
    assert found.until - found.since == timedelta(hours=25)


async def test_mailings_have_lines_with_reasons_attempts_and_what_is_left(parts: Parts) -> None:
    mailing_id = await factories.launched(parts, 2, name="Feast")
    await mailings.collection().update_one(
        {"_id": mailing_id}, {"$set": {"launch.started_at": days.at(OCTOBER)}}
    )
    for why, count in (("refused: 400", 2), ("refused: 403", 1)):
        said = {"mailing_id": mailing_id, "status": "failed", "why": why, "attempts": 3}
        await days.ended(days.at(OCTOBER), count, **said)
    await days.ended(days.at(OCTOBER), 1)
    before = {"mailing_id": mailing_id, "status": "uncertain", "attempts": 5, "channel": "email"}
    await Ending.get_pymongo_collection().insert_one({**before, "closed_at": days.at(OCTOBER)})
    found = await reports.report(parts, OCTOBER, BERLIN, NOON)
    feast, personal = found.lines
    assert (feast.name, feast.mailing_id, feast.left) == ("Feast", str(mailing_id), 2)
    assert feast.by_status == {Status.FAILED: 3, Status.UNCERTAIN: 1}
    assert (feast.attempts, feast.started_at) == (14, days.at(OCTOBER))
    assert [(each.text, each.messages) for each in feast.reasons] == [
        ("refused: 400", 2),
        ("refused: 403", 1),
    ]
    assert (personal.name, personal.total) == (reports.PERSONAL, 1)
    assert found.total.total == 5


async def test_a_mailing_that_gets_nowhere_has_a_line(parts: Parts) -> None:
    await factories.launched(parts, 1, name="Stuck")
    now = parts.database_clock.now() + timedelta(seconds=1)
    (line,) = (await reports.report(parts, now.date(), ZoneInfo("UTC"), now)).lines
    assert (line.name, line.total, line.left) == ("Stuck", 0, 1)


async def test_only_so_many_mailings_have_lines_and_the_others_are_counted(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "MOST_MAILINGS", 1)
    for count in (1, 0, 0):
        await factories.launched(parts, count)
    now = parts.database_clock.now()
    for row in await mailings.collection().find().to_list():
        await days.ended(now, mailing_id=row["_id"])
    found = await reports.report(parts, now.date(), ZoneInfo("UTC"), now + timedelta(seconds=1))
    assert (len(found.lines), found.others, found.total.total) == (1, 2, 3)


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2026, 10, 28), "has not begun"),
        (date(2025, 10, 1), "kept for 365 days"),
        (date(1, 1, 1), "outside of the calendar|kept for"),
        (date(9999, 12, 31), "outside of the calendar"),
    ],
)
async def test_a_day_that_cannot_be_counted_is_refused(parts: Parts, day: date, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        await reports.report(parts, day, ZoneInfo("Pacific/Kiritimati"), NOON)


async def test_of_many_workers_one_makes_the_days_report(parts: Parts) -> None:
    await asyncio.gather(*(daily_reports.make_due(parts, NOON) for _ in range(4)))
    assert await daily_reports.make_due(parts, NOON) == 0
    assert await made(parts) == ["2026-10-25"]
    rows = await queued()
    assert {row["address"] for row in rows} == {"ops@example.com", "cto@example.com"}
    assert {(row["status"], row["mailing_id"]) for row in rows} == {("pending", None)}
    assert len(rows) == 2
    for row in rows:
        assert row["content"]["text"].startswith("What became of messages on Sunday")
        assert "<table" in row["content"]["html"]


async def test_before_its_time_only_the_day_before_has_one(parts: Parts) -> None:
    early = datetime(2026, 10, 26, 4, 59, tzinfo=UTC)  # 05:59 in Berlin
    await daily_reports.make_due(parts, early)
    assert await made(parts) == ["2026-10-24"]
    await daily_reports.make_due(parts, early + timedelta(minutes=1))
    assert await made(parts) == ["2026-10-24", "2026-10-25"]


async def test_missed_days_are_made_up_but_no_more_than_three(parts: Parts) -> None:
    await daily_reports.make_due(parts, NOON)
    assert await daily_reports.make_due(parts, NOON + timedelta(days=9)) == 3
    first, *later = await made(parts)
    assert (first, later) == ("2026-10-25", ["2026-11-01", "2026-11-02", "2026-11-03"])


@pytest.mark.parametrize(("place", "left"), [("reports.stored", 0), ("reports.committed", 1)])
async def test_a_worker_that_dies_leaves_all_of_a_report_or_nothing(
    parts: Parts, place: str, left: int
) -> None:
    def die() -> None:
        raise KeyboardInterrupt

    failpoints.arm(place, testing=True, act=die)
    with pytest.raises(KeyboardInterrupt):
        await daily_reports.make_due(parts, NOON)
    failpoints.arm("", testing=True)
    assert (len(await made(parts)), len(await queued())) == (left, 2 * left)
    await daily_reports.make_due(parts, NOON)
    assert (len(await made(parts)), len(await queued())) == (1, 2)


async def test_by_hand_it_goes_to_whom_one_likes_once_per_key(parts: Parts) -> None:
    found = await reports.report(parts, OCTOBER, BERLIN, NOON)
    for _ in range(2):
        to = await daily_reports.send(parts, "ann", found, ["ann@example.com"], "key")
        assert to == ["ann@example.com"]
    assert len(await queued()) == 1
    assert await daily_reports.send(parts, "ann", found) == ["ops@example.com", "cto@example.com"]
    assert len(await queued()) == 3
    assert await made(parts) == [], "the daily one comes all the same"
    with pytest.raises(InvalidInput, match=r"to\.0: "):
        await daily_reports.send(parts, "ann", found, ["nobody"])


@pytest.mark.parametrize(
    "said",
    [
        {"report_to": "nobody"},
        {"report_to": "a@example.com", "report_zone": "Mars"},
        {"report_to": ",".join(f"a{number}@example.com" for number in range(21))},
    ],
)
def test_a_bad_setting_is_told_by_its_name(parts: Parts, said: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="REPORT_"):
        daily_reports.recipients(parts.settings.model_copy(update=said))
