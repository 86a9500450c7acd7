"""A history of all that was sent, kept for analysis when the rows are long gone (T6)."""

import asyncio
import csv
import io
import json
import signal
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from gql.transport.exceptions import TransportQueryError
from pymongo import MongoClient

from local.processes import COMMAND
from tests.journeys.conftest import House, eventually
from tests.journeys.test_mailing import add_clients, finished, mail

ASK = """query ($from: Date!, $to: Date!) {
  history(from: $from, to: $to, by: [DAY, CHANNEL, STATUS, PROVIDER]) {
    lines { day channel status provider messages attempts } } }"""
SHOW = """query ($id: ID!) { mailing(id: $id) {
  archivedAt statistics { total sent failed } messages { nodes { id } } } }"""
RETRY = """mutation ($id: ID!, $end: DateTime!) {
  retryMessages(input: {mailingId: $id, endAt: $end}) { count errors { field message code } } }"""
YEARS = timedelta(days=500)
CLIENTS = 20


def age(house: House) -> None:
    """Let 500 days pass over all that there is."""
    past: dict[str, Any] = {
        "messages": ["closed_at", "sent_at", "due_at"],
        "mailings": ["settled_at"],
        "endings": ["closed_at"],
    }
    with MongoClient[dict[str, Any]](house.environment["DB_URI"]) as client:
        for name, fields in past.items():
            shift = {
                field: {
                    "$cond": [
                        {"$eq": [{"$type": f"${field}"}, "date"]},
                        {"$subtract": [f"${field}", round(YEARS.total_seconds() * 1_000)]},
                        "$$REMOVE",
                    ]
                }
                for field in fields
            }
            client.get_default_database()[name].update_many({}, [{"$set": shift}])


def free_leases(house: House) -> None:
    """Let the leases on days run out."""
    with MongoClient[dict[str, Any]](house.environment["DB_URI"]) as client:
        days = client.get_default_database().rolled_days
        days.update_many({}, {"$unset": {"lease_until": ""}})


async def test_what_was_sent_is_known_for_ever_though_its_rows_go(house: House) -> None:
    await add_clients(house, CLIENTS)
    await house.faults(refuse_rate=1)
    worker = house.worker()
    mailing = await mail(house)
    assert await finished(house, mailing) == {"total": CLIENTS, "failed": CLIENTS}
    await house.faults()
    end = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    retried = await house.ask(RETRY, id=mailing, end=end)
    assert retried["retryMessages"] == {"count": CLIENTS, "errors": []}
    assert await finished(house, mailing) == {"total": CLIENTS, "sent": CLIENTS}
    worker.stop()
    today = datetime.now(UTC).date()
    told = await ended(house, today)
    assert told == {"FAILED": CLIENTS, "SENT": CLIENTS}
    age(house)
    then = today - YEARS
    assert await ended(house, then) == told
    doomed = house.worker(BELFRY_TESTING="1", BELFRY_FAIL_AT="rollups.inserted")
    await eventually(lambda: is_dead(doomed))
    assert doomed.code == -signal.SIGKILL
    assert await ended(house, then) == told
    free_leases(house)
    house.worker()

    async def archived() -> bool:
        shown = (await house.ask(SHOW, id=mailing))["mailing"]
        return bool(shown["archivedAt"]) and not shown["messages"]["nodes"]

    await eventually(archived)
    assert await ended(house, then) == told
    shown = (await house.ask(SHOW, id=mailing))["mailing"]
    assert shown["statistics"] == {"total": CLIENTS, "sent": CLIENTS, "failed": 0}
    (error,) = (await house.ask(RETRY, id=mailing, end=end))["retryMessages"]["errors"]
    assert error["code"] == "NOT_ALLOWED_NOW"
    assert "clone the mailing" in error["message"]


async def export(house: House, *arguments: str) -> tuple[int | None, str, str]:
    """The exit code of `belfry export`, what it prints, and what it complains of."""
    pipe = asyncio.subprocess.PIPE
    url = f"http://127.0.0.1:{house.ports['api']}"
    environment = {**house.environment, "BELFRY_URL": url, "BELFRY_TOKEN": house.token()}
    command = [sys.executable, str(COMMAND), "export", *arguments]
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=pipe, stderr=pipe, cwd=house.folder
    )
    printed, said = await process.communicate()
    return process.returncode, printed.decode(), said.decode()


async def test_a_warehouse_elsewhere_gets_all_of_it_by_command(house: House) -> None:
    since = datetime.now(UTC).isoformat()
    await add_clients(house, CLIENTS)
    house.worker()
    mailing = await mail(house)
    assert await finished(house, mailing) == {"total": CLIENTS, "sent": CLIENTS}
    code, printed, _ = await export(
        house, "messages", "--format", "ndjson", "--since", since, "--status", "SENT"
    )
    rows = [json.loads(line) for line in printed.splitlines()]
    assert (code, len(rows)) == (0, CLIENTS)
    assert {(row["mailingId"], row["provider"]) for row in rows} == {(mailing, "127.0.0.1")}
    code, printed, _ = await export(house, "attempts", "--mailing", mailing, "--format", "csv")
    found = list(csv.DictReader(io.StringIO(printed)))
    assert (code, {row["messageId"] for row in found}) == (0, {row["id"] for row in rows})
    code, printed, _ = await export(house, "history", "--out", "history.ndjson")
    lines = [
        json.loads(line) for line in (house.folder / "history.ndjson").read_text().splitlines()
    ]
    assert (code, printed, sum(line["messages"] for line in lines)) == (0, "", CLIENTS)
    code, _, said = await export(house, "messages", "--status", "GONE", "--out", "none.ndjson")
    assert code != 0
    assert "`status` is one of PENDING" in said
    assert not (house.folder / "none.ndjson").exists()


async def ended(house: House, day: Any) -> dict[str, int]:
    """How the messages around a day ended; midnight may pass while they do."""
    span = {"from": str(day - timedelta(days=1)), "to": str(day + timedelta(days=1))}
    found: dict[str, int] = {}
    for line in (await house.ask(ASK, **span))["history"]["lines"]:
        assert (line["channel"], line["provider"]) == ("SENDING_API", "127.0.0.1")
        assert line["messages"] == line["attempts"]
        found[line["status"]] = found.get(line["status"], 0) + line["messages"]
    return found


async def is_dead(process: Any) -> bool:
    return not process.alive


async def test_subscribers_and_senders_are_not_told(house: House) -> None:
    for role in ("subscriber", "sender"):
        with pytest.raises(TransportQueryError, match="READ_STATISTICS"):
            await house.ask(ASK, role, **{"from": "2026-01-01", "to": "2026-01-02"})
