"""Lines carry the ids of the work that they are written for."""

import asyncio

from core import bearings
from core.bearings import Job


async def test_a_task_and_those_it_starts_carry_its_ids_and_no_other_does() -> None:
    found: dict[str, object] = {}

    async def note(name: str) -> None:
        found[name] = dict(bearings.ids())

    async def work() -> None:
        bearings.take(Job("pump:1"))
        await asyncio.create_task(note("child"))
        await asyncio.create_task(note("apart"), context=bearings.apart())
        await note("self")

    await asyncio.create_task(work())
    await note("outside")
    assert found == {
        "child": {"job": "pump:1"},
        "apart": {},
        "self": {"job": "pump:1"},
        "outside": {},
    }
