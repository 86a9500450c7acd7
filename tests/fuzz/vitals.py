"""How the processes are: memory, open files, connections, their logs, and what they stored."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psutil

from local.processes import COMMAND
from tests.fuzz.house import House

MEGABYTE = 1_000_000
_SETTLE_SECONDS = 60.0


@dataclass(frozen=True)
class Vitals:
    """The API at one moment of rest."""

    rss: int
    files: int
    to_mongo: int
    threads: int

    def __str__(self) -> str:
        return (
            f"RSS {self.rss / MEGABYTE:.1f} MB, {self.files} open files, "
            f"{self.to_mongo} connections to MongoDB, {self.threads} threads"
        )


def at_rest(house: House) -> Vitals:
    """The API once all its clients have gone; fails if it keeps any."""
    process = psutil.Process(house.api.pid)
    port = int(house.environment["PORT"])
    until = time.monotonic() + _SETTLE_SECONDS
    while served := _connections(process, port, local=True):
        assert time.monotonic() < until, f"{served} connections of clients that have gone"
        time.sleep(0.1)
    return Vitals(
        process.memory_info().rss,
        process.num_fds(),
        _connections(process, house.mongod.port, local=False),
        process.num_threads(),
    )


def _connections(process: psutil.Process, port: int, *, local: bool) -> int:
    alone = (psutil.CONN_LISTEN, psutil.CONN_NONE)
    found = [one for one in process.net_connections("tcp") if one.status not in alone]
    return sum((one.laddr if local else one.raddr).port == port for one in found)


def complaints(house: House) -> Iterator[str]:
    """Lines of the logs that are no JSON, or of errors, or with a traceback."""
    for line in house.log():
        said = _read(line)
        if said is None or "exception" in said or said["level"] in ("error", "critical"):
            yield line


def events(house: House) -> Counter[str]:
    """What the logs told, by name."""
    return Counter(str(said.get("event")) for line in house.log() if (said := _read(line)))


def _read(line: str) -> dict[str, Any] | None:
    try:
        said: dict[str, Any] = json.loads(line)
    except ValueError:
        return None
    return said


def broken_rules(house: House) -> Iterator[str]:
    """What is stored and can't be."""
    for user in house.database["users"].find():
        yield from (f"user {user['_id']}: {what}" for what in _broken_inbox(user))
    for entry in house.database["audit"].find({"outcome": "UNFINISHED"}):
        yield f"audit: {entry['action']} is unfinished since {entry['at']}"
    compared = subprocess.run(
        [sys.executable, COMMAND, "reconcile"],
        env=house.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if compared.returncode != 0:
        told = compared.stdout + compared.stderr
        yield f"reconcile: {[line for line in told.splitlines() if 'no difference' not in line]}"


def _broken_inbox(user: dict[str, Any]) -> Iterator[str]:
    items = user.get("inbox", [])  # it comes with the first notification
    unread = sum(item["new"] for item in items)
    if user["unread"] != unread:
        yield f"unread is {user['unread']}, but {unread} items are"
    places = [item["seq"] for item in items]
    if len(set(places)) < len(places) or max(places, default=0) > user["seq"]:
        yield f"seq is {user['seq']}, but items are at {sorted(places)}"
    if any(place <= user["floor"] for place in places):
        yield f"items at or below the floor {user['floor']}"
    if len(items) > 100:
        yield f"{len(items)} items"
