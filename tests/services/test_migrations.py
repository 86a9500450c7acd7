"""An older database becomes one of today, by one process at a time, wherever others died."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from pymongo import MongoClient

from core import clock, failpoints, mongo
from core.errors import ConfigurationError
from core.parts import Parts
from models import registry
from services import migrations, upgrades
from services.upgrades import Upgrade
from tests.services.conftest import Happened

SCHEMA = {"_id": "schema"}
Steps = list[str]


class Killed(BaseException):
    """Nothing catches it, but `finally` runs: what it would undo is put back by the test."""


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> Steps:
    """What has run of three steps that take the place of the real ones."""
    ran: Steps = []

    async def run(what: str, _: upgrades.Database) -> None:
        ran.append(what)

    steps = tuple(
        Upgrade(number, what, partial(run, what)) for number, what in enumerate("abc", start=1)
    )
    monkeypatch.setattr(upgrades, "UPGRADES", steps)
    return ran


def meta(parts: Parts) -> Any:
    return mongo.database(parts.mongo)["meta"]


async def stored(parts: Parts) -> dict[str, Any]:
    row: dict[str, Any] = await meta(parts).find_one(SCHEMA)
    return row


async def test_all_steps_run_in_order_and_only_once(parts: Parts, ran: Steps) -> None:
    assert [step.number for step in await migrations.migrate(parts)] == [1, 2, 3]
    assert await migrations.migrate(parts) == []
    assert ran == ["a", "b", "c"]
    row = await stored(parts)
    assert row["version"] == 3 and "lease_token" not in row


async def test_only_what_is_left_runs(parts: Parts, ran: Steps) -> None:
    await meta(parts).insert_one({**SCHEMA, "version": 2})
    assert [step.what for step in await migrations.due(parts)] == ["c"]
    await migrations.migrate(parts)
    assert ran == ["c"]


async def test_a_newer_database_is_refused_and_the_error_says_what_to_do(parts: Parts) -> None:
    await meta(parts).insert_one({**SCHEMA, "version": migrations.latest() + 1})
    for asked in (migrations.version, migrations.due, migrations.migrate):
        with pytest.raises(ConfigurationError, match="a newer Belfry has migrated it; start that"):
            await asked(parts)


async def test_of_many_at_once_one_does_it_and_the_others_wait(parts: Parts, ran: Steps) -> None:
    done = await asyncio.gather(*(migrations.migrate(parts) for _ in range(5)))
    assert sorted(len(each) for each in done) == [0, 0, 0, 0, 3]
    assert ran == ["a", "b", "c"]


@pytest.mark.parametrize("place", ["migrations.claimed", "migrations.ran", "migrations.recorded"])
async def test_after_a_process_that_died_the_next_goes_on_when_the_lease_is_over(
    parts: Parts, ran: Steps, place: str, happened: Happened
) -> None:
    def die() -> None:
        raise Killed

    failpoints.arm(place, testing=True, act=die)
    with pytest.raises(Killed):
        await migrations.migrate(parts)
    failpoints.arm("", testing=True)
    soon = await mongo.now(parts.mongo) + timedelta(seconds=0.3)
    await meta(parts).update_one(
        SCHEMA, {"$set": {"lease_token": uuid.uuid4(), "lease_until": soon}}
    )
    await migrations.migrate(parts)
    assert "migration.awaited" in [name for name, _ in happened]
    assert (await stored(parts))["version"] == 3
    assert ran == (["a", "a", "b", "c"] if place == "migrations.ran" else ["a", "b", "c"])


async def test_a_lease_is_renewed_while_a_step_takes_long(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "RENEW_SECONDS", 0.01)

    async def until_renewed(_: upgrades.Database) -> None:
        first = (await stored(parts))["lease_until"]
        while (await stored(parts))["lease_until"] == first:
            await asyncio.sleep(0.01)

    monkeypatch.setattr(upgrades, "UPGRADES", (Upgrade(1, "long", until_renewed),))
    async with asyncio.timeout(30):
        await migrations.migrate(parts)


@pytest.mark.parametrize("notices", [True, False])
async def test_a_process_that_lost_its_lease_records_nothing(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, happened: Happened, *, notices: bool
) -> None:
    """It stops as soon as it notices, which may be when its step is over."""
    monkeypatch.setattr(migrations, "RENEW_SECONDS", 0.01 if notices else 60.0)
    tries = 0

    async def robbed_at_first(_: upgrades.Database) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            later = {"lease_token": uuid.uuid4(), "lease_until": clock.now()}
            await meta(parts).update_one(SCHEMA, {"$set": later})
            if notices:
                await asyncio.Event().wait()

    monkeypatch.setattr(upgrades, "UPGRADES", (Upgrade(1, "robbed", robbed_at_first),))
    async with asyncio.timeout(30):
        await migrations.migrate(parts)
    assert tries == 2
    assert "migration.lost" in [name for name, _ in happened]


async def test_a_step_that_fails_is_told_and_leaves_the_version(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: upgrades.Database) -> None:
        raise RuntimeError("no room")

    monkeypatch.setattr(upgrades, "UPGRADES", (Upgrade(1, "hard", fail),))
    with pytest.raises(RuntimeError, match="no room"):
        await migrations.migrate(parts)
    row = await stored(parts)
    assert row["version"] == 0 and "lease_token" not in row


def test_steps_are_numbered_from_one_without_a_gap() -> None:
    numbers = [step.number for step in upgrades.UPGRADES]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.usefixtures("razed")
async def test_the_first_step_drops_indexes_that_were_replaced_and_may_run_again(
    parts: Parts,
) -> None:
    messages = mongo.database(parts.mongo)["messages"]
    kept = set(await messages.index_information())
    for name in ("troubled", "ended", "mailing"):
        await messages.create_index([(f"old_{name}", 1)], name=name)
    run: Callable[[Any], Awaitable[None]] = upgrades.UPGRADES[0].run
    await run(mongo.database(parts.mongo))
    assert set(await messages.index_information()) == kept
    await messages.drop()
    await run(mongo.database(parts.mongo))


@pytest.mark.usefixtures("razed")
async def test_the_second_step_has_the_new_index_before_the_old_one_goes_and_may_run_again(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = mongo.database(parts.mongo)["messages"]
    kept = set(await messages.index_information())
    drop = upgrades._drop

    async def drop_later(database: upgrades.Database, *names: str) -> None:
        assert "pending" in await messages.index_information()
        await drop(database, *names)

    monkeypatch.setattr(upgrades, "_drop", drop_later)
    await messages.drop_index("pending")
    await messages.create_index([("mailing_id", 1), ("due_at", 1)], name="due")
    for _ in range(2):
        await upgrades.UPGRADES[1].run(mongo.database(parts.mongo))
        assert set(await messages.index_information()) == kept


async def test_many_processes_may_prepare_one_empty_database_at_once(
    database_uri: str,
) -> None:
    """Each has a client of its own, as processes have."""
    clients = [mongo.connect(database_uri) for _ in range(6)]
    try:
        await asyncio.gather(*(registry.prepare(mongo.database(client)) for client in clients))
    finally:
        for client in clients:
            await client.close()
    with MongoClient[dict[str, object]](database_uri) as there:
        assert "ended_unsent" in there.get_default_database()["messages"].index_information()
