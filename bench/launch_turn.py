"""One turn of the launch contest, in a process of its own. Run with `belfry` or `bare`.

The bare turn inserts again the rows that Belfry's launch before it has made.
"""

import sys
import time
from datetime import timedelta

import orjson
import uvloop

from bench.rows import TEXT
from bench.stage import ADMIN
from core import clock, mongo, settings
from core.parts import Parts, open_parts
from models.registry import prepare
from services import launch, mailings, messages
from services.new_audience import NewAudience
from services.new_mailing import NewMailing

BATCH = launch.BATCH


async def belfry(parts: Parts) -> dict[str, float]:
    """Launch a mailing to all clients."""
    await messages.collection().delete_many({})
    now = clock.now()
    everyone = NewAudience(all=True)
    new = NewMailing("bench", TEXT, now - timedelta(minutes=1), now + timedelta(hours=6), everyone)
    mailing = await mailings.create(parts, ADMIN, new)
    assert mailing.id is not None
    start, cpu = time.perf_counter(), time.process_time()
    made = await launch.launch(parts, mailing.id)
    return _sample(made, start, cpu)


async def bare(parts: Parts) -> dict[str, float]:
    """Insert the same rows, and nothing else."""
    rows = await messages.collection().find({}).sort("_id", 1).to_list()
    await messages.collection().delete_many({})
    start, cpu = time.perf_counter(), time.process_time()
    for first in range(0, len(rows), BATCH):
        await messages.collection().insert_many(rows[first : first + BATCH], ordered=False)
    return _sample(len(rows), start, cpu)


def _sample(rows: int, start: float, cpu: float) -> dict[str, float]:
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    return {"rate": rows / seconds, "cpu_us": cpu / rows * 1e6}


async def run(name: str) -> dict[str, float]:
    """Take the turn of this name."""
    async with open_parts(settings.load()) as parts:
        await prepare(mongo.database(parts.mongo))
        return await (belfry if name == "belfry" else bare)(parts)


def main() -> None:
    """Print what came of it, as JSON."""
    sys.stdout.buffer.write(orjson.dumps(uvloop.run(run(sys.argv[1]))))


if __name__ == "__main__":
    main()
