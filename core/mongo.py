"""MongoDB: the connection of this process and its transactions."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar

from pymongo import AsyncMongoClient, ReadPreference, WriteConcern
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    DuplicateKeyError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)
from pymongo.monitoring import ConnectionPoolListener
from pymongo.read_concern import ReadConcern

from core import mongo_lock
from core.clock import DatabaseClock
from core.errors import Unavailable

mongo_lock.mend()

Row = dict[str, Any]
Client = AsyncMongoClient[Row]
Result = TypeVar("Result")

APP_NAME = "belfry"
"""What MongoDB's own log and profiler call us."""

GAP_SECONDS = 0.004
"""What a busy writer leaves between its transactions for those who change the same row."""
GAP_PATIENCE_SECONDS = 5.0

HEARTBEAT_MS = 2_000
"""A host that falls silent is known to be away after this and the time for a connection, together
less than `AWAY_SECONDS`; what was asked of it is then asked of another."""

AWAY_SECONDS = 9.0
"""How long the transaction of a request is tried without a connection: enough for an election."""
REQUEST_SECONDS = 25.0
"""How long it is tried in any case, as rows may be held by the transaction of a process that was
killed. MongoDB ends that when it is 15 to 23 s old, if it is set up as our docker-compose.yml says;
the driver alone would go on for two minutes."""

DUPLICATE_TRIES = 5
"""A transaction that lost a race for a new key finds that key on its next try."""

DUPLICATE_KEY = 11_000
"""MongoDB's code for a second row with what must be unique."""

COMMIT_AGAIN_SECONDS = 0.05
"""Between the tries of a commit that nobody knows the outcome of."""


class NotCommitted(Exception):
    """Nothing of the transaction was written, and nothing will be."""


def connect(uri: str, *listeners: ConnectionPoolListener) -> Client:
    """A client for `uri`, which connects at first use; times come back as aware UTC."""
    return AsyncMongoClient(
        uri,
        tz_aware=True,
        uuidRepresentation="standard",
        w="majority",
        # A primary that is cut off still shows what it will have to undo, and a bell that has heard
        # of such an event would take the next one for known: see docs/decisions/.
        readConcernLevel="majority",
        heartbeatFrequencyMS=HEARTBEAT_MS,
        serverSelectionTimeoutMS=5_000,
        connectTimeoutMS=5_000,
        maxPoolSize=100,
        appname=APP_NAME,
        event_listeners=listeners,
    )


def database(client: Client) -> AsyncDatabase[Row]:
    """The database that the client's URI names, else `belfry`."""
    return client.get_default_database("belfry")


async def now(client: Client) -> datetime:
    """The database's time, in UTC."""
    here = database(client)
    hello = await here.command("hello", codec_options=here.codec_options)
    answered: datetime = hello["localTime"]
    return answered


async def set_clock(client: Client, database_clock: DatabaseClock) -> None:
    """Set a clock by the database's; raises PyMongoError, of which the clock takes note."""
    asked = time.monotonic()
    try:
        told = await now(client)
    except PyMongoError:
        database_clock.lose()
        raise
    database_clock.observe(told, time.monotonic() - asked)


async def in_transaction(
    client: Client, work: Callable[[AsyncClientSession], Awaitable[Result]]
) -> Result:
    """Run `work` in one transaction, again from the start where a concurrent writer won.

    `work` may run several times, so it changes nothing but the database.
    """
    for last in [False] * (DUPLICATE_TRIES - 1) + [True]:
        try:
            async with client.start_session() as session:
                return await session.with_transaction(
                    work,
                    read_concern=ReadConcern("snapshot"),
                    write_concern=WriteConcern("majority"),
                    read_preference=ReadPreference.PRIMARY,
                )
        except DuplicateKeyError:
            if last:
                raise
    raise AssertionError("the last try returns or raises")


def as_duplicate(error: BulkWriteError) -> BulkWriteError | DuplicateKeyError:
    """The error of writes one by one, if a bulk of them failed only by keys that were taken."""
    failed = (error.details or {}).get("writeErrors", [])
    if failed and all(at["code"] == DUPLICATE_KEY for at in failed):
        return DuplicateKeyError(str(error), DUPLICATE_KEY)
    return error


async def promptly(
    client: Client, work: Callable[[AsyncClientSession], Awaitable[Result]]
) -> Result:
    """The same for someone who waits for the answer: raises Unavailable when that takes too long.

    Nobody knows then whether it was committed.
    """
    began = time.monotonic()

    async def attempt(session: AsyncClientSession) -> Result:
        try:
            return await work(session)
        except ConnectionFailure as error:
            if time.monotonic() - began > AWAY_SECONDS:
                raise Unavailable from error
            raise

    try:
        # Not pymongo.timeout(): under it the driver now and then swallows a cancellation.
        async with asyncio.timeout(REQUEST_SECONDS):
            return await in_transaction(client, attempt)
    except TimeoutError as error:
        raise Unavailable from error


async def in_a_gap(
    client: Client, work: Callable[[AsyncClientSession], Awaitable[Result]]
) -> Result:
    """Run `work` in one transaction that gets in between those of a busy writer of the same row.

    The driver's own tries come further and further apart, and so meet the gaps too seldom.
    """
    until = time.monotonic() + GAP_PATIENCE_SECONDS
    while time.monotonic() < until:
        async with client.start_session() as session:
            try:
                async with await session.start_transaction(
                    ReadConcern("snapshot"), WriteConcern("majority"), ReadPreference.PRIMARY
                ):
                    return await work(session)
            except OperationFailure as error:
                if not error.has_error_label("TransientTransactionError"):
                    raise
        await asyncio.sleep(GAP_SECONDS / 2)
    return await in_transaction(client, work)


async def without_waiting(
    client: Client, work: Callable[[AsyncClientSession], Awaitable[Result]]
) -> Result | None:
    """Run `work` in one transaction, once; None if another transaction holds what it writes.

    Outside a transaction a write waits for such a row, and the transaction of a process that
    was killed holds its rows until MongoDB ends it (transactionLifetimeLimitSeconds).
    """
    async with client.start_session() as session:
        try:
            async with await session.start_transaction():
                return await work(session)
        except OperationFailure as error:
            if error.has_error_label("TransientTransactionError"):
                return None
            raise


async def once(client: Client, work: Callable[[AsyncClientSession], Awaitable[Result]]) -> Result:
    """Run `work` in one transaction, once; raises NotCommitted if it came to nothing.

    Any other error means that nobody knows, or that the database was away from the beginning.
    """
    async with client.start_session(causal_consistency=False) as session:
        await session.start_transaction(
            ReadConcern("local"), WriteConcern("majority"), ReadPreference.PRIMARY
        )
        try:
            result = await work(session)
        except ServerSelectionTimeoutError:
            raise
        except PyMongoError as error:
            raise NotCommitted from error
        await _commit(session)
        return result


async def _commit(session: AsyncClientSession) -> None:
    """Commit, again where nobody knows whether that was done; raises NotCommitted if it was not."""
    began = time.monotonic()
    while True:
        try:
            return await session.commit_transaction()
        except PyMongoError as error:
            if error.has_error_label("TransientTransactionError"):
                raise NotCommitted from error
            unknown = error.has_error_label("UnknownTransactionCommitResult")
            if not unknown or time.monotonic() - began > AWAY_SECONDS:
                raise
        await asyncio.sleep(COMMIT_AGAIN_SECONDS)
