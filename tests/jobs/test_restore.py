"""Backup and restore: a copy of the data folder starts, and nothing is sent a second time."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from pymongo import MongoClient
from typer.testing import CliRunner

import belfry
from channels.sending_api import SendingApi
from core import clock
from core.settings import Settings
from jobs import restored_command
from local.mongod import Mongod
from local.outside import Outside
from local.ports import free_port
from local.redis import Redis
from models.mailing import MailingStatus
from rules.message import Status
from services import launch, mailings, messages, reconcile, restoring, stats
from services.pump import Pump
from tests import factories
from tests.jobs.conftest import TOKEN, at_work

CLIENTS = 20
LONG = 60.0
SOON = timedelta(seconds=5)


def copy(database: Mongod, folder: Path) -> None:
    """As docs/data-care.md says: locked against writes, copied, and freed again."""
    with MongoClient[dict[str, object]](
        "127.0.0.1", database.port, directConnection=True
    ) as client:
        client.admin.command("fsync", lock=True)
        try:
            leave = shutil.ignore_patterns("mongod.lock", "WiredTiger.lock")
            shutil.copytree(database.folder, folder / "db", ignore=leave)
        finally:
            client.admin.command("fsyncUnlock")


async def test_a_restored_copy_goes_on_and_sends_nothing_twice(
    database: Mongod,
    redis: Redis,
    settings: Settings,
    outside: tuple[Outside, str],
    tmp_path: Path,
) -> None:
    ledger = outside[0].ledger
    database.start()
    redis.start()
    api = SendingApi(outside[1], TOKEN, 8)
    async with at_work(settings) as parts:
        mailing_id = await factories.launched(parts, CLIENTS)
        later = await factories.scheduled(parts)
        copy(database, tmp_path / "restored")
        assert await Pump(parts, messages.BULK, api, "w1").run(LONG) == CLIENTS
        assert ledger.count == CLIENTS
        lost_at = parts.database_clock.now() + SOON
    database.stop()

    restored = Mongod(tmp_path / "restored", free_port(), cache_gigabytes=0.25)
    restored.start()
    try:
        there = settings.model_copy(update={"db_uri": restored.uri("worker")})
        async with at_work(there) as parts:
            counts = (await stats.of_mailing(parts, mailing_id)).by_status
            assert counts[Status.PENDING] == CLIENTS, "the copy knows of nothing after it"
            assert (await restoring.count(parts, lost_at)).messages == CLIENTS
            found = await restoring.hold_back(parts, lost_at)
            assert (found.messages, found.mailings) == (CLIENTS, [])
            assert (await restoring.hold_back(parts, lost_at)).messages == 0
            assert await reconcile.reconcile(parts, mailing_id) == {}
            counts = (await stats.of_mailing(parts, mailing_id)).by_status
            assert counts[Status.UNCERTAIN] == CLIENTS
            assert await Pump(parts, messages.BULK, api, "w2").run(1) == 0
            assert (ledger.count, ledger.repeats) == (CLIENTS, 0)

            again = await restoring.hold_back(parts, later.start_at)
            assert again.mailings == [later.id], "it may have been launched by then"
            paused = await mailings.get(factories.id_of(later))
            assert paused is not None and paused.status is MailingStatus.PAUSED
            new = factories.id_of(await factories.created(parts))
            await launch.launch(parts, new)
            assert await Pump(parts, messages.BULK, api, "w2").run(LONG) == CLIENTS
            assert (ledger.count, ledger.repeats) == (2 * CLIENTS, 0)
    finally:
        await api.close()
        restored.stop()


def test_a_moment_needs_its_zone() -> None:
    for said in ("yesterday", "2026-11-29T22:00:00"):
        done = CliRunner().invoke(belfry.app, ["restored", "--until", said])
        assert "with its zone" in str(done.exception)
    assert restored_command._moment("2026-11-29T22:00:00+03:00").hour == 19
    with pytest.raises(ValueError, match="with its zone"):
        restored_command._moment(clock.now().isoformat()[:10])
