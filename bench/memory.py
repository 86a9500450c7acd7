"""The worker's memory at its highest while it launches a large mailing and delivers from it."""

import time
from collections.abc import Iterator

import psutil

from bench.delivery import LIMIT_SECONDS, Incomplete, create_mailing, sent_so_far
from bench.measure import Reading
from bench.rows import fill
from bench.stage import Stage

MOST_MEGABYTES = 300.0
MEGABYTE = 1_000_000
POLL_SECONDS = 0.2


def readings(stage: Stage, clients: int, delivered: int) -> Iterator[Reading]:
    """Launch to all the clients, and deliver to at least some of them meanwhile and after."""
    fill(stage.database, clients)
    with stage.outside(), stage.api(), stage.worker() as worker:
        process = psutil.Process(worker.pid)
        create_mailing(stage)
        peak, until = process.memory_info().rss, time.monotonic() + LIMIT_SECONDS
        while not _done(stage, delivered):
            if time.monotonic() > until:
                raise Incomplete(f"no end after {LIMIT_SECONDS:.0f} s")
            peak = max(peak, process.memory_info().rss)
            time.sleep(POLL_SECONDS)
        sent = sent_so_far(stage)
    name = f"memory of the worker: {clients:,} clients launched, {sent:,} delivered"
    yield Reading(name, peak / MEGABYTE, "MB", MOST_MEGABYTES)


def _done(stage: Stage, delivered: int) -> bool:
    launched = stage.database["mailings"].find_one({"launch.expanded": True}, {"_id": 1})
    return launched is not None and sent_so_far(stage) >= delivered
