"""A way for tests to act at the worst moment."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeAlias

from pymongo import monitoring
from pymongo.read_concern import ReadConcern

from core.parts import Parts
from tests.services.looking import PATIENCE

Plan = tuple[str, str, Callable[[], object]]
Task: TypeAlias = "asyncio.Task[Any]"


class Interludes(monitoring.CommandListener):
    """Does what a test plans right before a command leaves for MongoDB.

    So another process can act at the worst moment, and a task can be cancelled at any.
    """

    def __init__(self) -> None:
        self.plans: list[Plan] = []
        self.errors: list[Exception] = []
        self.connection: int | None = None
        """By which the last command left, as the server numbers them."""

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
        self.connection = event.server_connection_id
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


async def cut_off_at(parts: Parts, interludes: Interludes, number: int, task: Task) -> None:
    """Cancel the task right before its command of this number: what kill -9 leaves of it.

    Returns when all can read what it has left behind.
    """
    passed, torn = 0, []

    def act() -> None:
        nonlocal passed
        if passed < number:
            passed += 1
            interludes.before("any", "", act)
            return
        task.cancel()
        if asyncio.current_task() is task:
            torn.append(interludes.connection)

    interludes.before("any", "", act)
    await asyncio.wait({task})
    interludes.plans.clear()
    async with asyncio.timeout(PATIENCE):
        # The command may have left all the same. The server does it before it sees us hang up.
        for connection in torn:
            while await _is_open(parts, connection):
                await asyncio.sleep(0)
    # Readers see what most of the replica set have, and they have all that comes before this.
    note = {"appendOplogNote": 1, "data": {}, "writeConcern": {"w": "majority"}}
    await parts.mongo.admin.command(note)


async def _is_open(parts: Parts, connection: int | None) -> bool:
    look = {"$currentOp": {"idleConnections": True, "localOps": True}}
    admin = parts.mongo.get_database("admin", read_concern=ReadConcern("local"))
    found = await admin.aggregate([look, {"$match": {"connectionId": connection}}])
    return bool(await found.to_list())


INTERLUDES = Interludes()
"""Heard by every client that is made after this module was loaded."""

monitoring.register(INTERLUDES)
