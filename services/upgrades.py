"""The numbered steps by which an older database becomes one of today.

Each may run again from its beginning: a process may die anywhere inside. Processes of the version
before still run meanwhile, so a step takes away only what those can do without. A number is never
given twice, and a step that was released is never changed.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure

from models.message import Message

Database = AsyncDatabase[dict[str, Any]]

_NOTHING_THERE = (26, 27)
"""MongoDB's NamespaceNotFound and IndexNotFound."""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """One step; it brings a database from the version before its number to that number."""

    number: int
    what: str
    run: Callable[[Database], Awaitable[None]]


async def _drop_old_indexes(database: Database) -> None:
    """Those that were replaced under new names: each change of a message would keep them up."""
    await _drop(database, "troubled", "ended", "mailing")


async def _replace_due(database: Database) -> None:
    """The one that messages are claimed by: first there is the new one, which old processes use too."""
    (pending,) = (one for one in Message.Settings.indexes if one.document["name"] == "pending")
    await database["messages"].create_indexes([pending])
    await _drop(database, "due")


async def _drop(database: Database, *names: str) -> None:
    for name in names:
        try:
            await database["messages"].drop_index(name)
        except OperationFailure as error:
            if error.code not in _NOTHING_THERE:
                raise


UPGRADES: tuple[Upgrade, ...] = (
    Upgrade(1, "drop indexes of messages that others have replaced", _drop_old_indexes),
    Upgrade(2, "count pending messages without reading them", _replace_due),
)
