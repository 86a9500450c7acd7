"""M24: queues and workers, as an operator sees them through an outage and the death of a worker."""

from typing import Any

from pymongo import MongoClient

from tests.journeys.commands import command
from tests.journeys.conftest import House, at_work, eventually
from tests.journeys.test_mailing import add_clients, mail, sent_some

CLIENTS = 40
LOOK = """query {
  queues { lane channel running workers oldestDueSeconds waiting { count atLeast }
    scheduled { count } retrying { count } failed { count } provider { state why } }
  workers { state host pid lanes { lane name jobs } inHand { channel count } silentSeconds }
}"""
IMPATIENT = {"BREAKER_ATTEMPTS": "5", "BREAKER_SECONDS": "1", "SENDING_API_CONCURRENCY": "4"}


async def look(house: House) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The queue of a mailing, and the workers."""
    found = await house.ask(LOOK)
    (queue,) = [
        one for one in found["queues"] if (one["lane"], one["channel"]) == ("BULK", "SENDING_API")
    ]
    return queue, found["workers"]


async def test_an_outage_and_a_killed_worker_are_seen_for_what_they_are(
    house: House, tmp_path: Any
) -> None:
    await add_clients(house, CLIENTS)
    await house.faults(down="503")
    worker = house.worker(**IMPATIENT)
    await at_work(worker)
    await mail(house)

    async def is_away() -> bool:
        queue, workers = await look(house)
        return bool(
            queue["provider"]["state"] != "CLOSED"
            and queue["retrying"]["count"]
            and queue["oldestDueSeconds"]
            and [one["state"] for one in workers] == ["RUNNING"]
        )

    await eventually(is_away)
    queue, (living,) = await look(house)
    assert queue["workers"] == 1
    assert "503" in queue["provider"]["why"]
    pending = queue["waiting"]["count"] + queue["scheduled"]["count"] + queue["running"]
    assert pending == CLIENTS
    assert living["pid"] == worker.pid
    assert {one["lane"] for one in living["lanes"]} == {"PERSONAL", "BULK"}

    # The provider is back, but slow: now the worker dies with messages in its hands.
    await house.faults(latency_seconds=1.0)
    await sent_some(house, 1)

    async def holds() -> bool:
        return bool((await look(house))[1][0]["inHand"])

    await eventually(holds)
    worker.kill()
    with MongoClient[dict[str, Any]](house.environment["DB_URI"]) as client:
        silent = [{"$set": {"beat_at": {"$subtract": ["$beat_at", 60_000]}}}]
        client.get_default_database()["workers"].update_many({}, silent)

    async def is_seen() -> bool:
        queue, workers = await look(house)
        return queue["workers"] == 0 and [one["state"] for one in workers] == ["LOST"]

    await eventually(is_seen)
    belfry = command(house, tmp_path)
    (lost,) = await belfry.ask("workers")
    assert (lost["state"], lost["pid"]) == ("LOST", worker.pid)
    lines = (await belfry.run("queues")).said.splitlines()
    assert len(lines) == 10
    assert any(line.startswith("BULK\tSENDING_API\t") for line in lines)

    await house.faults()
    successor = house.worker(**IMPATIENT)

    async def is_well() -> bool:
        queue, workers = await look(house)
        nothing = not (queue["waiting"]["count"] or queue["scheduled"]["count"])
        return nothing and sorted(one["state"] for one in workers) == ["LOST", "RUNNING"]

    await eventually(is_well)
    assert successor.stop(20)
    assert [one["state"] for one in (await look(house))[1]] == ["LOST"]
