"""What is left of operations that were stopped: none is lost, and none lives on in secret."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from functools import partial

from core import tasks
from core.errors import TooManyOperations
from core.settings import Settings


class Remains:
    """The stopped tasks of a process until they are done."""

    def __init__(self) -> None:
        self._ending: set[asyncio.Task[None]] = set()
        self._kept: set[asyncio.Task[None]] = set()
        self._number: Counter[str] = Counter()
        self._octets: Counter[str] = Counter()

    def end(self, task: "asyncio.Task[None]") -> None:
        """Cancel a task for certain: a library may swallow that once, so `look` does it again."""
        task.cancel()
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    def keep(self, task: "asyncio.Task[None]", caller: str, octets: int) -> None:
        """See a task to its end; until then it counts to its caller, with so many bytes."""
        self._kept.add(task)
        self._number[caller] += 1
        self._octets[caller] += octets
        task.add_done_callback(partial(self._forget, caller, octets))

    def check_room(self, settings: Settings, caller: str, sizes: Sequence[int]) -> None:
        """Whether a socket may have operations of these sizes; raises TooManyOperations."""
        # Whatever an operation was asked with stays as long as it does.
        if len(sizes) + self._number[caller] > settings.socket_operations:
            raise TooManyOperations(f"a socket has room for {settings.socket_operations} at once")
        if sum(sizes) + self._octets[caller] > settings.socket_frame_bytes:
            raise TooManyOperations("what the operations were asked with is too much together")

    def look(self) -> None:
        """Cancel again what goes on in spite of it."""
        for task in list(self._ending):
            task.cancel()

    async def settle(self, seconds: float) -> None:
        """Give what is kept so long, then end everything."""
        if self._kept:
            await asyncio.wait(self._kept, timeout=seconds)
        await tasks.end(self._kept | self._ending)

    def _forget(self, caller: str, octets: int, task: "asyncio.Task[None]") -> None:
        self._kept.discard(task)
        self._number[caller] -= 1
        self._octets[caller] -= octets
        if not self._number[caller]:
            del self._number[caller], self._octets[caller]
