"""Tabs: the programs of docs/bell.md, on connections that don't last."""

import asyncio
import json
import os
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

from core import tasks
from tests import node
from tests.journeys.conftest import House

Shown = dict[str, Any]
"""What a tab shows: `seq`, `unread`, and the notifications `shown` and `archived`, newest first."""

AWAY_SECONDS = 3.0
"""The longest absence: some are too long for what an inbox holds, most are not."""


class PythonTab:
    """A tab in Python that leaves and comes back after its cursor, to any of the APIs."""

    def __init__(
        self, program: ModuleType, house: House, user: str, ports: Sequence[int], seed: str
    ) -> None:
        self.user = user
        self.told: list[dict[str, Any]] = []
        """Every event as it came, also those of no use to the tab any more."""
        self._dice = random.Random(seed)  # noqa: S311 - when to leave
        self._addresses = [f"127.0.0.1:{port}" for port in ports]
        self._bell = program.Bell(self._addresses[0], lambda: house.token("subscriber", user), user)
        take = self._bell._take

        async def heed(event: dict[str, Any]) -> None:
            self.told.append(event)
            await take(event)

        self._bell._take = heed

    async def run(self, calm: asyncio.Event) -> None:
        """Come and go until it is calm, then stay."""
        while True:
            self._bell.address = self._dice.choice(self._addresses)
            visit = asyncio.create_task(self._bell.follow())
            calmed = asyncio.create_task(calm.wait())
            seconds = None if calm.is_set() else self._dice.uniform(0.2, 4)
            leave = {visit} if calm.is_set() else {visit, calmed}
            try:
                await asyncio.wait(leave, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
                if visit.done():
                    visit.result()
            finally:
                await tasks.end([visit, calmed])
            if not calm.is_set():
                await asyncio.sleep(self._dice.random() * AWAY_SECONDS)

    def shows(self) -> Shown:
        """What it shows now."""
        return shown(self._bell)

    def is_in_order(self) -> bool:
        """Whether no event came twice or after a later one."""
        seqs = [one["seq"] for one in self.told if one["__typename"] != "Resync"]
        return all(before < after for before, after in pairwise(seqs))


def shown(bell: Any) -> Shown:
    """What a bell of the Python program shows."""
    archived = [one for one in bell.notifications.values() if one["isArchived"]]
    archived.sort(key=lambda one: one["seq"], reverse=True)
    return {
        "seq": bell.seq,
        "unread": bell.unread,
        "shown": bell.listed(),
        "archived": archived,
    }


@dataclass
class NodeTab:
    """A tab in Node.js whose connections are cut at random."""

    program: Path
    house: House
    user: str
    ports: Sequence[int]
    last: Shown = field(default_factory=dict)
    heard: list[int] = field(default_factory=list)

    async def run(self, calm: asyncio.Event) -> None:
        """Follow until cancelled. It goes on being cut off when it is calm."""
        addresses = [f"127.0.0.1:{port}" for port in self.ports]
        arguments = ["--drop", "1500", str(self.program), self.user, *addresses]
        process = await asyncio.create_subprocess_exec(
            *node.command("bell.mjs", *arguments),
            stdout=asyncio.subprocess.PIPE,
            limit=16 * 2**20,
            env={**os.environ, "BELFRY_TOKEN": self.house.token("subscriber", self.user)},
        )
        try:
            assert process.stdout is not None
            async for line in process.stdout:
                self.last = json.loads(line)
                self.heard += self.last.pop("heard")
            raise AssertionError(f"the tab ended with {await process.wait()}")
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            await process.wait()

    def shows(self) -> Shown:
        """What it showed last."""
        return self.last

    def is_in_order(self) -> bool:
        """Whether no event was heeded twice or after a later one."""
        return all(before < after for before, after in pairwise(self.heard))


Tab = PythonTab | NodeTab
