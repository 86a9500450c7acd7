"""Group commit: what comes in while one commit is under way goes along with the next.

A commit costs the driver and the database nearly the same whether it holds one change or twenty.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from core import tasks
from core.mongo import NotCommitted

FEWEST = 4
"""Changes under way up to which each goes alone and at once: fewer gain nothing together."""
MOST = 64
"""Changes in one commit."""
MOST_COMMITS = 32
"""Under way at once, those of one change and those that take long counted in."""
OVERDUE_SECONDS = 0.05
"""A commit that takes longer, because somebody else holds a row of it, say, holds up no others."""
CLOSE_SECONDS = 1.0

Key = TypeVar("Key", bound=Hashable)
Change = TypeVar("Change")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Way(Generic[Key, Change, Result]):
    """How changes of one sort are made, each of an object of its own."""

    alone: Callable[[Key, Change], Awaitable[Result]]
    together: Callable[[dict[Key, Change]], Awaitable[dict[Key, Result]]]
    """All of them; raises NotCommitted if it was none, anything else where nobody knows."""


class Commits:
    """The group commits of a process, one for each way."""

    def __init__(self) -> None:
        self._groups: dict[Way[Any, Any, Any], _Group] = {}

    async def make(self, way: Way[Key, Change, Result], key: Key, change: Change) -> Result:
        """Make a change, alone or with others; those of one object come one after another.

        Raises what `alone` or `together` does. Who stops waiting stops no other.
        """
        group = self._groups.get(way)
        if group is None:
            group = self._groups[way] = _Group(way)
        result: Result = await group.add(key, change)
        return result

    async def close(self) -> None:
        """Let what is under way come to its end, within a second."""
        under_way = {task for group in self._groups.values() for task in group.under_way}
        if under_way:
            _, late = await asyncio.wait(under_way, timeout=CLOSE_SECONDS)
            await tasks.end(late)


@dataclass(eq=False, slots=True)
class _Wish:
    key: Any
    change: Any
    answer: "asyncio.Future[Any]"


@dataclass(eq=False, slots=True)
class _Commit:
    wishes: list[_Wish]
    size: int
    counted: bool = True
    """Whether others wait for its end."""


class _Group:
    """The changes of one way."""

    def __init__(self, way: Way[Any, Any, Any]) -> None:
        self._way = way
        self._ready: deque[_Wish] = deque()
        """What goes next, one change of each object, and none of those that are under way."""
        self._behind: dict[Any, deque[_Wish]] = {}
        """What comes after that, by all objects that are ready or under way."""
        self._counted = 0
        """Changes under way, without those that are overdue."""
        self.under_way: set[asyncio.Task[None]] = set()

    async def add(self, key: Any, change: Any) -> Any:  # noqa: ANN401 - as the way has it
        loop = asyncio.get_running_loop()
        wish = _Wish(key, change, loop.create_future())
        if key in self._behind:
            self._behind[key].append(wish)
        else:
            self._behind[key] = deque()
            self._ready.append(wish)
            if len(self._ready) == 1:
                loop.call_soon(self._start)  # whoever comes in the same turn comes along
        return await wish.answer

    def _start(self) -> None:
        while self._ready and self._counted < FEWEST and len(self.under_way) < MOST_COMMITS:
            if taken := self._take(MOST if len(self._ready) >= FEWEST else 1):
                self._begin(taken)

    def _take(self, most: int) -> list[_Wish]:
        """The next wishes, but for those that nobody waits for any more."""
        taken: list[_Wish] = []
        while self._ready and len(taken) < most:
            wish = self._ready.popleft()
            if wish.answer.done():
                self._release(wish)
            else:
                taken.append(wish)
        return taken

    def _begin(self, wishes: list[_Wish]) -> None:
        commit = _Commit(wishes, len(wishes))
        self._counted += commit.size
        task = asyncio.create_task(self._make(commit))
        self.under_way.add(task)
        overdue = asyncio.get_running_loop().call_later(OVERDUE_SECONDS, self._pass, commit)
        # Not at the end of the task itself, which may be cancelled before it has begun.
        task.add_done_callback(partial(self._end, commit, overdue))
        left = partial(_cancel_unless_awaited, task, commit)
        for wish in wishes:
            wish.answer.add_done_callback(left)

    async def _make(self, commit: _Commit) -> None:
        wishes = commit.wishes
        try:
            if len(wishes) == 1:
                results = {it.key: await self._way.alone(it.key, it.change) for it in wishes}
            else:
                results = await self._way.together({it.key: it.change for it in wishes})
        except NotCommitted:
            commit.wishes = [it for it in wishes if it.answer.done()]
            for wish in wishes:
                if not wish.answer.done():
                    self._begin([wish])
        except Exception as error:  # noqa: BLE001 - whoever waits raises it
            for wish in wishes:
                _fail(wish, error)
        else:
            for wish in wishes:
                if not wish.answer.done():
                    wish.answer.set_result(results[wish.key])

    def _pass(self, commit: _Commit) -> None:
        """Let others wait for it no more."""
        if commit.counted:
            commit.counted = False
            self._counted -= commit.size
            self._start()

    def _end(
        self, commit: _Commit, overdue: asyncio.TimerHandle, task: "asyncio.Task[None]"
    ) -> None:
        overdue.cancel()
        self.under_way.discard(task)
        for wish in commit.wishes:
            wish.answer.cancel()  # unless it has one
            self._release(wish)
        self._pass(commit)
        self._start()

    def _release(self, wish: _Wish) -> None:
        """Have the next change of the same object made, if there is one."""
        behind = self._behind[wish.key]
        if behind:
            self._ready.append(behind.popleft())
        else:
            del self._behind[wish.key]


def _cancel_unless_awaited(task: "asyncio.Task[None]", commit: _Commit, _: object) -> None:
    if all(wish.answer.cancelled() for wish in commit.wishes):
        task.cancel()


def _fail(wish: _Wish, error: Exception) -> None:
    if not wish.answer.done():
        wish.answer.set_exception(error)
        wish.answer.exception()  # whoever stops waiting in this very moment never asks for it
