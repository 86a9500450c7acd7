"""A store whose commits end when a test says so."""

import asyncio
from collections import defaultdict

from core.group_commit import MOST, Commits, Way

Made = dict[int, int]


class Store:
    """Keeps the changes of each object as they were made, and stands still until it is let go on."""

    def __init__(self) -> None:
        self.made: defaultdict[int, list[int]] = defaultdict(list)
        self.sizes: list[int] = []
        self.gates: list[asyncio.Future[None]] = []
        self.busy: set[int] = set()
        self.cancelled = 0
        self.errors: list[Exception] = []
        """What the next commits of several end with, last first."""
        self.way = Way(self.alone, self.together)
        self.commits = Commits()

    async def alone(self, key: int, change: int) -> int:
        return (await self._commit({key: change}))[key]

    async def together(self, changes: dict[int, int]) -> dict[int, int]:
        assert len(changes) > 1
        error = self.errors.pop() if self.errors else None
        return await self._commit(changes, error)

    async def _commit(self, changes: dict[int, int], error: Exception | None = None) -> Made:
        assert not self.busy & changes.keys(), "two changes of one object at once"
        assert len(changes) <= MOST
        self.busy |= changes.keys()
        self.sizes.append(len(changes))
        gate = asyncio.get_running_loop().create_future()
        self.gates.append(gate)
        try:
            await gate
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.busy -= changes.keys()
        if error is not None:
            raise error
        for key, change in changes.items():
            self.made[key].append(change)
        return {key: -change for key, change in changes.items()}

    def ask(self, key: int, change: int) -> "asyncio.Task[int]":
        """Somebody who wishes a change."""
        return asyncio.create_task(self.commits.make(self.way, key, change))

    async def release(self) -> None:
        """Let everything go on that stands still, and see what comes of it."""
        gates, self.gates = self.gates, []
        for gate in gates:
            if not gate.done():
                gate.set_result(None)
        await settled()

    async def finish(self) -> None:
        """Let everything come to its end."""
        while self.gates:
            await self.release()

    def forgets(self) -> bool:
        """Whether nothing is left of what is over."""
        return not any(
            group._ready or group._behind or group._counted or group.under_way
            for group in self.commits._groups.values()
        )


async def settled() -> None:
    """Let the loop do all that it can do without us."""
    for _ in range(8):
        await asyncio.sleep(0)
