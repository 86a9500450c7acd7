"""What a worker says of itself, and that nothing it delivers depends on that."""

import asyncio
from functools import partial

import pytest

from core import events, mongo
from core.parts import Parts, open_parts
from core.settings import Settings, load
from jobs import heartbeat
from jobs.heartbeat import Heart, beating
from models.registry import prepare
from models.worker import Worker
from services import workers
from tests.jobs.conftest import eventually

LANES = ("personal", "bulk")


@pytest.fixture
def here(database_uri: str, redis_url: str) -> Settings:
    return load(_env_file=None, db_uri=database_uri, redis_url=redis_url)


async def told() -> list[Worker]:
    return await Worker.find_all().to_list()


async def nobody() -> bool:
    return await told() == []


async def stopping() -> bool:
    return [one.stopping for one in await told()] == [True]


async def test_a_worker_is_on_the_list_while_it_lives_and_says_when_it_stops(
    here: Settings,
) -> None:
    async with open_parts(here) as parts:
        await prepare(mongo.database(parts.mongo))
        stop = asyncio.Event()
        async with beating(LANES, stop) as heart:
            await eventually(told)
            (found,) = await told()
            assert (found.id, found.stopping) == (str(heart.who), False)
            assert [shift.lane for shift in found.shifts] == list(LANES)
            stop.set()
            await eventually(stopping)
        # Most of the replica set hear of it a moment later.
        await eventually(nobody)


async def test_two_workers_of_one_machine_and_number_are_two(here: Settings) -> None:
    async with open_parts(here) as parts:
        await prepare(mongo.database(parts.mongo))
        stop = asyncio.Event()
        async with beating(LANES, stop), beating(LANES, stop):
            await eventually(partial(_are, 2, parts))


async def _are(number: int, parts: Parts) -> bool:
    return len((await workers.staff(parts)).seen) == number


def test_what_lanes_do_and_what_came_of_tries_is_in_the_next_beat_only_once() -> None:
    heart = Heart(LANES)
    doing = {"sweep", "pump:0:email"}
    heart.lives("bulk", "host:1:abc", doing)
    for verdict in ("accepted", "accepted", "not_accepted"):
        heart.hear("message.attempted", {"verdict": verdict})
    heart.hear("leases.lost", {"count": 7})
    first = heart.beat(stopping=False)
    assert first.shifts[1].name == "host:1:abc"
    assert first.shifts[1].doing == ["pump:0:email", "sweep"]
    assert first.sent_per_second == pytest.approx(2 * first.failed_per_second, rel=0.01)
    doing.clear()
    second = heart.beat(stopping=True)
    assert second.shifts[1].doing == []
    assert (second.sent_per_second, second.failed_per_second) == (0.0, 0.0)
    assert second.stopping


async def test_while_mongodb_is_away_the_worker_goes_on_and_its_end_waits_for_nobody(
    here: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "GOODBYE_SECONDS", 0.05)
    nowhere = "mongodb://127.0.0.1:1/nowhere?replicaSet=none&serverSelectionTimeoutMS=100"
    heard: list[str] = []
    leave = events.subscribe(lambda name, fields: heard.append(name))
    async with open_parts(here) as parts:
        await prepare(mongo.database(parts.mongo))
        away = mongo.connect(nowhere)
        Worker.get_settings().pymongo_collection = mongo.database(away)["workers"]
        async with beating(LANES, asyncio.Event()):
            await eventually(lambda: "worker.beat.failed" in heard)
        assert "worker.goodbye.failed" in heard
        await away.close()
    leave()
