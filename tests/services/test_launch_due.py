"""Mailings whose time has come are launched one after the other."""

import asyncio

import pytest

from core.parts import Parts
from services import launch, messages, sweep
from tests import factories
from tests.factories import created, id_of, scheduled

LONG = 60.0


async def test_everything_that_is_due_is_launched(parts: Parts) -> None:
    await factories.clients(3)
    due = [id_of(await created(parts)) for _ in range(4)]
    await scheduled(parts)
    assert await sweep.launch_due(parts, asyncio.Event(), LONG) == 12
    assert await sweep.to_launch(parts) == []
    made = await messages.collection().distinct("mailing_id")
    assert set(made) == set(due)


async def test_a_launch_that_takes_several_turns_is_gone_on_with(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "BATCH", 2)
    monkeypatch.setattr(launch, "TURN_SECONDS", 0.0)
    await factories.clients(9)
    for _ in range(2):
        await created(parts)
    assert await sweep.launch_due(parts, asyncio.Event(), LONG) == 18


async def test_whoever_is_told_to_stop_begins_no_further_launch(parts: Parts) -> None:
    await factories.clients(1)
    await created(parts)
    stop = asyncio.Event()
    stop.set()
    assert await sweep.launch_due(parts, stop, LONG) == 0
    assert await sweep.launch_due(parts, asyncio.Event(), 0.0) == 0
    assert len(await sweep.to_launch(parts)) == 1
