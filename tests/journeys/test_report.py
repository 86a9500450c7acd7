"""M20: once a day, statistics of the mailings handled come by e-mail, however workers fare."""

import asyncio
import signal
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from tests.journeys.commands import command
from tests.journeys.conftest import House, at_work, eventually
from tests.journeys.test_mailing import add_clients, finished, mail

OPS = "ops@report.example.com"
BY_HAND = "cto@report.example.com"


def reports(house: House) -> int:
    with MongoClient[dict[str, Any]](house.environment["DB_URI"]) as client:
        return client.get_default_database()["reports"].count_documents({})


@pytest.mark.usefixtures("short_transactions")
async def test_the_days_report_comes_once_though_workers_die_and_others_start_together(
    house: House, tmp_path: Path
) -> None:
    """At the places where it is written: in the transaction, and when that is committed."""
    for place, left in (("reports.stored", 0), ("reports.committed", 1)):
        dying = {"BELFRY_TESTING": "1", "BELFRY_FAIL_AT": place}
        doomed = house.worker(REPORT_TO=OPS, **dying)

        async def dead(process: Any = doomed) -> bool:
            return not process.alive

        await eventually(dead)
        assert doomed.code == -signal.SIGKILL
        assert reports(house) == left
    workers = [house.worker(REPORT_TO=OPS) for _ in range(2)]
    await asyncio.gather(*(at_work(worker) for worker in workers))

    async def arrived() -> bool:
        return bool(await house.mails(OPS))

    await eventually(arrived)
    await add_clients(house, 3)
    mailing = await mail(house)
    await finished(house, mailing)
    belfry = command(house, tmp_path)
    page = tmp_path / "report.html"
    today = await belfry.ask("report", "--date", await _today(house), "--html", str(page))
    feast = next(line for line in today["lines"] if line["total"] == 3)
    assert feast["byStatus"] == [{"status": "SENT", "count": 3}]
    assert "<table" in page.read_text()
    sent = await belfry.ask("report", "--date", await _today(house), "--to", BY_HAND)
    assert sent["to"] == [BY_HAND]

    async def by_hand() -> list[dict[str, Any]]:
        return await house.mails(BY_HAND)

    (said,) = await eventually(by_hand)
    assert said["headers"]["Subject"].startswith("Belfry on ")
    assert len(await house.mails(OPS)) == 1
    assert reports(house) == 1


async def _today(house: House) -> str:
    found = await house.ask("{ history(by: [DAY]) { lines { day } } }")
    return str(found["history"]["lines"][-1]["day"])
