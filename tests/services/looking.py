"""What tests look at: mistakes, rows, and counts that must be exact."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from bson import ObjectId

from core.errors import InvalidInput, Problem
from core.parts import Parts
from core.queue import queue_name
from models.mailing import Mailing, MailingStatus
from rules.message import Status
from services import messages, stats
from services.messages import Claimed

PATIENCE = 30.0
"""Seconds after which what has not come is taken for lost."""

Mistakes = set[tuple[str, Problem]]


def errors_of(error: InvalidInput) -> Mistakes:
    """The fields and codes; every mistake must say what to do."""
    assert all(one.message for one in error.errors)
    return {(one.field, one.code) for one in error.errors}


async def mistakes(awaited: Awaitable[object]) -> Mistakes:
    """What is wrong with an input."""
    with pytest.raises(InvalidInput) as caught:
        await awaited
    return errors_of(caught.value)


async def rows(**query: object) -> list[dict[str, Any]]:
    """Messages as they are stored."""
    return await messages.collection().find(query).to_list()


async def row_of(claimed: Claimed) -> dict[str, Any]:
    """A claimed message as it is stored now."""
    (row,) = await rows(_id=claimed.id)
    return row


async def jobs(parts: Parts, lane: str) -> list[str | None]:
    """The ids of the jobs that wait in a lane."""
    await parts.queue.close()
    return [job.job_id for job in await parts.redis.queued_jobs(queue_name=queue_name(lane))]


async def counted(parts: Parts, mailing_id: ObjectId) -> dict[Status, int]:
    """The counts that aren't zero, after making sure that they are those of the rows."""
    counts = await stats.of_mailing(parts, mailing_id)
    assert counts == await stats.recount(mailing_id)
    return {status: count for status, count in counts.by_status.items() if count}


async def wholly_launched(
    parts: Parts, mailing_id: ObjectId, client_ids: list[ObjectId], channels: tuple[str, ...]
) -> bool:
    """Whether there is exactly one pending row per client and channel, and the launch is over."""
    made = await rows(mailing_id=mailing_id)
    expected = {(client_id, channel) for client_id in client_ids for channel in channels}
    stored = await Mailing.get(mailing_id)
    assert stored is not None
    assert len(made) == len(expected)
    assert {(row["client_id"], row["channel"]) for row in made} == expected
    assert (await counted(parts, mailing_id)).get(Status.PENDING, 0) == len(expected)
    return stored.launch.expanded and stored.status is MailingStatus.RUNNING


async def until(condition: Callable[[], object]) -> None:
    """Wait for what another task brings about."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.005)
