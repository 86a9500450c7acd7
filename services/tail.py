"""A live tail of a mailing's attempts (X4), by a change stream of MongoDB."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.change_stream import AsyncChangeStream
from pymongo.errors import OperationFailure, PyMongoError

from core import events
from core.errors import Unavailable
from models.attempt import Attempt
from services import mailings

SHOWN = 50
BEAT_SECONDS = 0.5
RETRY_SECONDS = 1.0
MOST_TAILS = 50
"""Tails at once in a process: for each MongoDB reads along with everything that is written."""
PLACE_LOST = frozenset({260, 280, 286})
"""InvalidResumeToken, ChangeStreamFatalError, ChangeStreamHistoryLost."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The newest attempts since the last batch, oldest first, and how many more there were."""

    attempts: tuple[Attempt, ...] = ()
    skipped: int = 0


async def follow(mailing_id: ObjectId) -> AsyncGenerator[Batch, None]:
    """An empty batch once it listens, and then the attempts as they are made, until closed.

    After an outage it goes on where it was. Raises InvalidInput for an unknown mailing, and
    Unavailable if too many follow.
    """
    if await mailings.get(mailing_id) is None:
        raise mailings.missing("mailingId")
    tail = _Tail(mailing_id)
    with _counted(tail):
        while True:
            try:
                async with await tail.open() as stream:
                    while stream.alive:
                        if tail.has_news:
                            yield tail.take()
                        await tail.gather(stream)
                tail.place = None
            except PyMongoError as error:
                tail.note(error)
            await asyncio.sleep(RETRY_SECONDS)


class _Tail:
    """One follower's place in the stream, and what it has not yet been told."""

    def __init__(self, mailing_id: ObjectId) -> None:
        self.place: Mapping[str, Any] | None = None
        self.has_news = True
        self._mailing_id = mailing_id
        self._attempts: deque[dict[str, Any]] = deque(maxlen=SHOWN)
        self._count = 0

    async def open(self) -> AsyncChangeStream[dict[str, Any]]:
        """The stream from this place on."""
        mine = {"operationType": "insert", "fullDocument.mailing_id": self._mailing_id}
        stream: AsyncChangeStream[dict[str, Any]]
        stream = await Attempt.get_pymongo_collection().watch(
            [{"$match": mine}],
            resume_after=self.place,
            max_await_time_ms=int(BEAT_SECONDS * 500),
        )
        self.place = stream.resume_token
        return stream

    async def gather(self, stream: AsyncChangeStream[dict[str, Any]]) -> None:
        """Read for a beat."""
        until = time.monotonic() + BEAT_SECONDS
        while stream.alive and time.monotonic() < until:
            change = await stream.try_next()
            if change is not None:
                self._attempts.append(change["fullDocument"])
                self._count += 1
                self.has_news = True
            self.place = stream.resume_token

    def take(self) -> Batch:
        """What was gathered."""
        shown = tuple(Attempt.model_validate(row) for row in self._attempts)
        batch = Batch(shown, self._count - len(shown))
        self._attempts.clear()
        self._count, self.has_news = 0, False
        return batch

    def note(self, error: PyMongoError) -> None:
        """Tell of a fault; where MongoDB keeps the place no longer, the stream starts anew."""
        events.emit("tail.broken", mailing_id=str(self._mailing_id), error=str(error))
        if isinstance(error, OperationFailure) and error.code in PLACE_LOST:
            self.place = None


_tails: set[_Tail] = set()


@contextmanager
def _counted(tail: _Tail) -> Iterator[None]:
    if len(_tails) >= MOST_TAILS:
        raise Unavailable(f"{MOST_TAILS} tails are followed already; try again later")
    _tails.add(tail)
    try:
        yield
    finally:
        _tails.discard(tail)
