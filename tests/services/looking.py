"""What tests look at: mistakes, rows, and counts that must be exact."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from bson import ObjectId

from core.errors import InvalidInput, Problem
from core.parts import Parts
from rules.message import Status
from services import messages, stats

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


async def counted(parts: Parts, mailing_id: ObjectId) -> dict[Status, int]:
    """The counts that aren't zero, after making sure that they are those of the rows."""
    counts = await stats.of_mailing(parts, mailing_id)
    assert counts == await stats.recount(mailing_id)
    return {status: count for status, count in counts.by_status.items() if count}


async def until(condition: Callable[[], object]) -> None:
    """Wait for what another task brings about."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.005)
