"""The writer of the latency's measurement, a process of its own: real notifications, at a rate.

Reads a Pace from stdin and writes Written to stdout, both as JSON.
"""

import asyncio
import sys
import time
from dataclasses import asdict, dataclass, field

import orjson
import uvloop

from bench.bells import tell
from bench.live_load import DATA
from core import mongo, settings
from core.parts import Parts, open_parts
from models.registry import prepare
from rules import inbox
from services import notifications

CALLER = "bench"
KEY = "new_message"
AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Pace:
    """So many notifications a second, to the users in turn."""

    users: list[str]
    per_second: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Written:
    """When each was committed, by its cursor, in nanoseconds of the machine's own clock."""

    seconds: float
    committed: dict[str, int] = field(default_factory=dict)


async def run(pace: Pace) -> Written:
    """Write, each at its time, however long the ones before may take."""
    async with open_parts(settings.current()) as parts:
        await prepare(mongo.database(parts.mongo))
        room, start = asyncio.Semaphore(AT_ONCE), time.monotonic()
        written: dict[str, int] = {}
        async with asyncio.TaskGroup() as tasks:
            for number in range(int(pace.per_second * pace.seconds)):
                await asyncio.sleep(start + number / pace.per_second - time.monotonic())
                await room.acquire()
                user = pace.users[number % len(pace.users)]
                task = tasks.create_task(_write(parts, user, written))
                task.add_done_callback(lambda _: room.release())
        seconds = time.monotonic() - start
        await asyncio.sleep(1)  # until the last wake-ups are out
        return Written(seconds, written)


async def _write(parts: Parts, user: str, written: dict[str, int]) -> None:
    new = notifications.NewNotification(user_id=user, key=KEY, data=DATA)
    done = await notifications.create(parts, CALLER, new)
    written[inbox.cursor(user, done.seq)] = time.monotonic_ns()


def main() -> None:
    """Do what stdin says."""
    pace = Pace(**orjson.loads(sys.stdin.buffer.read()))
    tell(asdict(uvloop.run(run(pace))))


if __name__ == "__main__":
    main()
