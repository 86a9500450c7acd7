"""What every process does first: wait for MongoDB, migrate it, make sure of its indexes.

Any number of processes may do that at once, against an empty database as well.
"""

import asyncio
import random

from pymongo.errors import ConnectionFailure, PyMongoError

from core import events, mongo, tasks
from core.parts import Parts
from models.registry import prepare as prepare_documents
from rules import backoff
from services import kinds, migrations

LEAST_SECONDS = 0.2
BASE_SECONDS = 0.5
CAP_SECONDS = 5.0
"""Pauses between tries: random up to 0.5 s, 1 s, 2 s, and then always 5 s, beside the least."""


async def prepare(parts: Parts) -> None:
    """Bind the documents to a database that is as this code needs it; safe to run again.

    Raises ConfigurationError if the database is newer than this code.
    """
    await migrations.migrate(parts)
    await prepare_documents(mongo.database(parts.mongo))
    await kinds.seed()
    await mongo.set_clock(parts.mongo, parts.database_clock)


async def prepared(parts: Parts, stop: asyncio.Event) -> bool:
    """The same as soon as MongoDB is there, however long that takes; False if told to stop before.

    Raises ConfigurationError as `prepare` does.
    """
    stopping = asyncio.create_task(stop.wait())
    trying = asyncio.create_task(_try(parts))
    try:
        await asyncio.wait({stopping, trying}, return_when=asyncio.FIRST_COMPLETED)
        if trying.done():
            trying.result()
        return trying.done()
    finally:
        await tasks.end((stopping, trying))


async def _try(parts: Parts) -> None:
    tries = 0
    while True:
        try:
            return await prepare(parts)
        except PyMongoError as error:
            pause = _pause(tries)
            tries += 1
            said = {"error": str(error), "tries": tries, "again_in": round(pause, 1)}
            if isinstance(error, ConnectionFailure):
                events.emit("mongo.unreachable", **said)
            else:
                events.emit("start.failed", **said)
            await asyncio.sleep(pause)


def _pause(tries: int) -> float:
    wait = backoff.delay(tries, random.random(), BASE_SECONDS, CAP_SECONDS)  # noqa: S311
    return LEAST_SECONDS + wait.total_seconds()
