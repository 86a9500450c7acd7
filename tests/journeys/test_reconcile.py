"""A counter that is off is told by log, metric and command, and by nothing else."""

import asyncio
import json
import sys
from typing import Any

from bson import ObjectId
from prometheus_client.parser import text_string_to_metric_families
from pymongo import MongoClient

from graph import ids
from local.ports import free_port
from local.processes import COMMAND
from tests.journeys.conftest import House, eventually
from tests.journeys.test_mailing import add_clients, finished, mail
from tests.processes import Service

CLIENTS = 20


async def scraped(house: House, port: int) -> dict[str, float]:
    """What Prometheus reads from a worker: samples by name and labels."""
    async with house.http.get(f"http://127.0.0.1:{port}/metrics") as response:
        families = text_string_to_metric_families(await response.text())
    samples = [sample for family in families for sample in family.samples]
    return {" ".join([one.name, *one.labels.values()]): one.value for one in samples}


async def reconcile(house: House, *arguments: str) -> tuple[int | None, str]:
    """The exit code of `belfry reconcile`, and what it prints."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, COMMAND, "reconcile", *arguments, env=house.environment, stdout=pipe
    )
    printed, _ = await process.communicate()
    return process.returncode, printed.decode()


def logged(worker: Service, event: str) -> list[dict[str, Any]]:
    lines = map(json.loads, worker.log.read_text().splitlines())
    return [line for line in lines if line["event"] == event]


async def test_a_counter_that_is_off_is_told_and_stays_as_it_is(house: House) -> None:
    await add_clients(house, CLIENTS)
    port = free_port()
    first = house.worker(METRICS_PORT=str(port))
    mailing = await mail(house)
    assert await finished(house, mailing) == {"total": CLIENTS, "sent": CLIENTS}
    key = ids.object_id("Mailing", mailing)
    assert await reconcile(house) == (0, f"{key}: no difference\n")
    metrics = await scraped(house, port)
    assert metrics["belfry_attempts_total sending_api accepted"] == CLIENTS
    assert first.stop()

    with MongoClient[dict[str, Any]](house.environment["DB_URI"]) as client:
        database = client.get_default_database()
        database.counters.update_one({"mailing_id": key}, {"$inc": {"counts.sent": 3}})
        database.mailings.update_one({"_id": key}, {"$unset": {"reconciled_at": ""}})
    second = house.worker(METRICS_PORT=str(port))

    async def told() -> list[dict[str, Any]]:
        return logged(second, "counters.differ")

    (line,) = await eventually(told)
    assert (line["level"], line["mailing_id"]) == ("error", str(key))
    assert (line["rows"], line["differences"]) == (CLIENTS, {"sent": 3})
    metrics = await scraped(house, port)
    assert metrics["belfry_counter_differences_total sent"] == 3
    assert metrics["belfry_mailings_reconciled_total"] == 1
    for said in (str(key), mailing):
        assert await reconcile(house, "--mailing", said) == (1, f"{key}: sent +3\n")
    assert await reconcile(house, "--mailing", str(ObjectId())) == (2, "")
