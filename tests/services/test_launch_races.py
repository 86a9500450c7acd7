"""Launches that die, meet each other, or are overtaken by a deletion."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from bson import ObjectId

from core.parts import Parts
from models.mailing import Mailing, MailingStatus
from rules.message import Status
from services import closing, launch, mailings, stats
from tests import factories
from tests.factories import created, id_of, with_email
from tests.services.interludes import Interludes, cut_off_at
from tests.services.looking import rows, wholly_launched

BOTH = ("sending_api", "email")


async def test_a_launch_cut_off_at_any_command_is_continued_to_exactly_one_row_each(
    parts: Parts, interludes: Interludes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What kill -9 leaves, but for the connection: each round dies one command later."""
    monkeypatch.setattr(launch, "BATCH", 4)
    client_ids = await factories.clients(9, said=with_email)
    cut_off = 0
    while True:
        mailing_id = id_of(await created(parts, channels=BOTH))
        task = asyncio.create_task(launch.launch(parts, mailing_id))
        await cut_off_at(parts, interludes, cut_off, task)
        if not task.cancelled():
            break
        await launch.launch(parts, mailing_id)
        assert await wholly_launched(parts, mailing_id, client_ids, BOTH)
        cut_off += 1
    assert cut_off > 12  # start, and for each of three batches: read, begin, rows, counts, commit


async def test_launchers_at_once_don_t_disturb_each_other(
    parts: Parts, other: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "BATCH", 50)
    client_ids = await factories.clients(420, said=with_email)
    mailing_id = id_of(await created(parts, channels=BOTH))
    made = await asyncio.gather(
        *(launch.launch(process, mailing_id) for process in (parts, other, parts, other))
    )
    while not (await Mailing.get(mailing_id)).launch.expanded:  # type: ignore[union-attr]
        made.append(await launch.launch(parts, mailing_id))
    assert sum(made) == 840
    assert await wholly_launched(parts, mailing_id, client_ids, BOTH)


async def test_clients_added_after_the_launch_began_are_no_part_of_it(
    parts: Parts, interludes: Interludes, monkeypatch: pytest.MonkeyPatch, prepared: Any
) -> None:
    monkeypatch.setattr(launch, "BATCH", 5)
    client_ids = await factories.clients(10)
    mailing_id = id_of(await created(parts))
    late = {"_id": ObjectId(), "phone": factories.phone(99), "operator_code": "900", "tags": []}
    interludes.before("insert", "messages", lambda: prepared.clients.insert_one(late))
    await launch.launch(parts, mailing_id)
    assert await wholly_launched(parts, mailing_id, client_ids, ("sending_api",))


@pytest.mark.parametrize("when", ["insert messages", "commitTransaction 1", "find clients"])
async def test_a_mailing_deleted_while_it_is_launched_ends_cancelled(
    parts: Parts,
    prepared: Any,
    interludes: Interludes,
    monkeypatch: pytest.MonkeyPatch,
    when: str,
) -> None:
    monkeypatch.setattr(launch, "BATCH", 2)
    await factories.clients(6)
    mailing_id = id_of(await created(parts))
    deleting: list[asyncio.Task[Mailing]] = []
    delete: Callable[[], object] = lambda: deleting.append(  # noqa: E731 - one plan among others
        asyncio.get_running_loop().create_task(mailings.delete(parts, mailing_id))
    )
    command, collection = when.split()
    interludes.before(command, collection, delete)
    await launch.launch(parts, mailing_id)
    await deleting[0]
    await closing.close(parts, {"mailing_id": mailing_id}, Status.CANCELLED, "as the sweep does")
    assert {row["status"] for row in await rows(mailing_id=mailing_id)} <= {"cancelled"}
    counts = await stats.of_mailing(parts, mailing_id)
    assert counts == await stats.recount(mailing_id)
    stored = await Mailing.get(mailing_id)
    assert stored is not None
    assert stored.status is MailingStatus.CANCELLED


async def test_after_a_deletion_no_further_batch_is_made(
    parts: Parts, prepared: Any, interludes: Interludes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "BATCH", 2)
    await factories.clients(6)
    mailing_id = id_of(await created(parts))
    cancelled = {"$set": {"status": MailingStatus.CANCELLED}}
    for act in (  # before the first batch is written, then before the second
        lambda: None,
        lambda: prepared.mailings.update_one({}, cancelled),
    ):
        interludes.before("update", "mailings", act)
    assert await launch.launch(parts, mailing_id) == 2
    assert len(await rows(mailing_id=mailing_id)) == 2
