"""Notes when a worker could not do its work because the machine had none of its time for it.

On a busy machine a worker may lose a lease for which it is not to blame. That is measured, not
guessed: by the kernel's account of how long its process was kept waiting for a processor, and by how
long a write took that we made ourselves.
"""

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path

from bson import ObjectId
from pymongo.errors import PyMongoError

from core import clock, mongo
from tests.cluster.cluster import Cluster
from tests.cluster.outages import SLOW, STARVED, Outage

LOOK_SECONDS = 0.25
SLOW_SECONDS = 1.0


async def watch(cluster: Cluster, calm: asyncio.Lock) -> None:
    """Note it for ever. While a database act is on, slow writes are what the act is about."""
    waited: Counter[int] = Counter()
    since = clock.now()
    rows = mongo.database(cluster.parts.mongo)["strain"]
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        quiet, began = not calm.locked(), clock.now()
        try:
            await rows.replace_one({"_id": 0}, {"at": ObjectId()}, upsert=True)
        except PyMongoError:
            quiet = False
        now = clock.now()
        pids = [worker.pid for worker in cluster.workers.values() if worker.alive]
        if quiet and not calm.locked() and now - began > timedelta(seconds=SLOW_SECONDS):
            cluster.outages += [Outage(pid, SLOW, began, now) for pid in pids]
        for pid in pids:
            before, waited[pid] = waited[pid], _waited(pid)
            kept = timedelta(microseconds=(waited[pid] - before) // 1_000)
            if before and kept > (now - since) / 2:
                cluster.outages.append(Outage(pid, STARVED, since, now))
        since = now


def _waited(pid: int) -> int:
    """How many nanoseconds a process was kept waiting for a processor; 0 where nobody counts."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1])
    except OSError:
        return 0
