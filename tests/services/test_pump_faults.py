"""The pump while the outside, or MongoDB, fails."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from pymongo import AsyncMongoClient

from channels.sending_api import SendingApi
from core import clock, mongo
from core.mongo import Row
from core.parts import Parts
from local.faults import Faults
from local.mongod import Mongod
from local.outside import Outside
from local.ports import free_port
from models.attempt import Attempt
from models.registry import prepare
from rules.message import Status
from services import messages, stats, sweep
from services.messages import Claimed
from services.recorder import Recorder
from tests import factories
from tests.services.conftest import Happened
from tests.services.looking import counted, rows, until
from tests.services.pumping import Turnstile, run

pytestmark = pytest.mark.usefixtures("impatient")


async def all_due() -> None:
    """Let every wait be over."""
    await messages.collection().update_many({}, {"$set": {"due_at": clock.now()}})


async def test_what_is_refused_has_failed(parts: Parts, outside: Outside, api: SendingApi) -> None:
    outside.faults = Faults(refuse_rate=1)
    mailing_id = await factories.launched(parts, 5)
    assert await run(parts, api) == 5
    assert await counted(parts, mailing_id) == {Status.FAILED: 5}
    assert {row["why"] for row in await rows()} == {"refused: 400"}
    assert outside.ledger.count == 0


async def test_too_many_requests_are_put_off_as_long_as_the_provider_wishes(
    parts: Parts, outside: Outside, api: SendingApi
) -> None:
    outside.faults = Faults(too_many_rate=1, retry_after_seconds=900)
    before = clock.now()
    mailing_id = await factories.launched(parts, 5)
    assert await run(parts, api) == 5
    assert await counted(parts, mailing_id) == {Status.PENDING: 5}
    for row in await rows():
        assert row["due_at"] >= before + timedelta(seconds=900)
        assert (row["why"], row["maybe_sent"], row["attempts"]) == ("not_accepted: 429", False, 1)
    outside.faults = Faults()
    assert await run(parts, api) == 0
    await all_due()
    assert await run(parts, api) == 5
    assert await counted(parts, mailing_id) == {Status.SENT: 5}


async def test_garbage_is_maybe_sent_and_tried_again_under_the_same_number(
    parts: Parts, outside: Outside, api: SendingApi
) -> None:
    outside.faults = Faults(garbage_after_rate=1)
    mailing_id = await factories.launched(parts, 5)
    await run(parts, api)
    assert await counted(parts, mailing_id) == {Status.PENDING: 5}
    assert {row["maybe_sent"] for row in await rows()} == {True}
    outside.faults = Faults()
    await all_due()
    await run(parts, api)
    assert await counted(parts, mailing_id) == {Status.SENT: 5}
    assert {row["maybe_sent"] for row in await rows()} == {False}
    taken = Counter(entry["id"] for entry in outside.ledger.entries())
    assert taken == {row["number"]: row["attempts"] for row in await rows()}
    assert min(taken.values()) >= 2  # more where the backoff drew a very short wait


async def test_after_garbage_a_refusal_leaves_it_uncertain(
    parts: Parts, outside: Outside, api: SendingApi
) -> None:
    outside.faults = Faults(garbage_after_rate=1)
    mailing_id = await factories.launched(parts, 3)
    await run(parts, api)
    outside.faults = Faults(refuse_rate=1)
    await all_due()
    await run(parts, api)
    assert await counted(parts, mailing_id) == {Status.UNCERTAIN: 3}


async def test_under_mixed_faults_every_message_is_sent_in_the_end_and_no_other(
    parts: Parts, outside: Outside, api: SendingApi
) -> None:
    outside.faults = Faults(
        unauthorized_rate=0.1,
        too_many_rate=0.1,
        error_rate=0.1,
        garbage_before_rate=0.1,
        garbage_after_rate=0.1,
        cut_rate=0.05,
        break_rate=0.05,
        reset_rate=0.1,
        seed=7,
    )
    mailing_id = await factories.launched(parts, 60)
    for rounds_left in reversed(range(8)):
        if rounds_left == 0:
            outside.faults = Faults()
        await run(parts, api)
        assert (await stats.of_mailing(parts, mailing_id)).total == 60
        await all_due()
    assert await counted(parts, mailing_id) == {Status.SENT: 60}
    assert {entry["id"] for entry in outside.ledger.entries()} == {
        row["number"] for row in await rows()
    }
    assert await Attempt.count() == sum(row["attempts"] for row in await rows())


@asynccontextmanager
async def fragile(parts: Parts, folder: Path) -> AsyncIterator[tuple[Mongod, Parts]]:
    """A MongoDB to be killed, and a process that waits for it no longer than 0.2 s."""
    server = Mongod(folder, free_port(), cache_gigabytes=0.25)
    server.start()
    uri = f"{server.uri('belfry')}&uuidRepresentation=standard&w=majority"
    async with AsyncMongoClient[Row](uri, tz_aware=True, serverSelectionTimeoutMS=200) as client:
        await prepare(mongo.database(client))
        yield server, replace(parts, mongo=client)
    server.stop()


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> set[UUID]:
    """The messages that pumps have in hand, or had: a claim that was cut off is in no hand."""
    taken, hold = set[UUID](), Recorder.hold

    def noted(self: Recorder, claimed: Iterable[Claimed]) -> None:
        claimed = list(claimed)
        hold(self, claimed)
        taken.update(one.id for one in claimed)

    monkeypatch.setattr(Recorder, "hold", noted)
    return taken


async def test_what_was_sent_while_mongodb_was_away_is_written_when_it_is_back(
    parts: Parts,
    outside: Turnstile,
    api: SendingApi,
    tmp_path: Path,
    happened: Happened,
    taken: set[UUID],
) -> None:
    async with fragile(parts, tmp_path) as (server, process):
        mailing_id = await factories.launched(process, 24)
        outside.let_in(8)
        pumping = asyncio.create_task(run(process, api))
        await until(lambda: outside.ledger.count >= 8 and len(taken) == 24)
        server.kill()
        outside.let_in()
        await until(lambda: any(name == "messages.claim.failed" for name, _ in happened))
        await until(lambda: outside.ledger.count == 24)
        server.start()
        await pumping
        while await sweep.work_is_due(process, messages.BULK):
            await run(process, api)
        assert await counted(process, mailing_id) == {Status.SENT: 24}
        assert await Attempt.count() == 24
    assert (outside.ledger.count, outside.ledger.repeats) == (24, 0)
