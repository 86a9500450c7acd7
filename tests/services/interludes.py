"""A way for tests to act at the worst moment."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeAlias

from pymongo import monitoring

from core.parts import Parts

Plan = tuple[str, str, Callable[[], object]]
Task: TypeAlias = "asyncio.Task[Any]"


class Interludes(monitoring.CommandListener):
    """Does what a test plans right before a command leaves for MongoDB.

    So another process can act at the worst moment, and a task can be cancelled at any.
    """

    def __init__(self) -> None:
        self.plans: list[Plan] = []
        self.errors: list[Exception] = []

    def before(self, command: str, collection: str, act: Callable[[], object]) -> None:
        """Act once, before the next such command; `any` command will do."""
        self.plans.append((command, collection, act))

    def always(
        self, command: str, collection: str, act: Callable[[], object], *, times: int
    ) -> None:
        """Act before each such command, so often; what `act` itself sends does not count."""

        def again() -> None:
            act()
            if times > 1:
                self.always(command, collection, act, times=times - 1)

        self.before(command, collection, again)

    def clear(self) -> None:
        """Forget all plans, and what went wrong with them."""
        self.plans.clear()
        self.errors.clear()

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        name, collection = event.command_name, str(event.command.get(event.command_name))
        for plan in self.plans:
            if plan[:2] in ((name, collection), ("any", "")):
                self.plans.remove(plan)
                try:
                    plan[2]()
                except Exception as error:  # noqa: BLE001 - the driver would only print it
                    self.errors.append(error)
                return

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


def cancel_at(interludes: Interludes, number: int, task: Task) -> None:
    """Cancel the task right before its command of this number: what kill -9 leaves of it."""

    def act() -> None:
        if number:
            cancel_at(interludes, number - 1, task)
        else:
            task.cancel()

    interludes.before("any", "", act)


async def cut_off_at(parts: Parts, interludes: Interludes, number: int, task: Task) -> None:
    """Cancel the task so, and wait until all can read what it has left behind."""
    cancel_at(interludes, number, task)
    await asyncio.wait({task})
    interludes.plans.clear()
    # Readers see what most of the replica set have, and they have all that comes before this.
    note = {"appendOplogNote": 1, "data": {}, "writeConcern": {"w": "majority"}}
    await parts.mongo.admin.command(note)


INTERLUDES = Interludes()
"""Heard by every client that is made after this module was loaded."""

monitoring.register(INTERLUDES)
