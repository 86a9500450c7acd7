"""`belfry queues` and `belfry workers`: what there is to do, and who does it."""

from collections.abc import Mapping
from typing import Any

import typer

from cli.command import Call, command

_COUNTS = ("waiting", "scheduled", "retrying", "failed")
_ASKED = " ".join(f"{name} {{ count atLeast }}" for name in _COUNTS)
QUEUES = f"""query Queues {{
  queues {{
    lane channel {_ASKED} running oldestDueAt oldestDueSeconds workers
    provider {{ state retryAt why }}
  }}
}}"""
WORKERS = """query Workers {
  workers {
    id state host pid version startedAt beatAt silentSeconds sentPerSecond failedPerSecond
    lanes { lane name jobs }
    inHand { lane channel count }
  }
}"""

OF_QUEUES = {
    "lane": "lane",
    "channel": "channel",
    "waiting": "waiting",
    "oldest": "oldest",
    "scheduled": "scheduled",
    "retrying": "retrying",
    "running": "running",
    "failed": "failed",
    "breaker": "provider.state",
    "why": "provider.why",
    "workers": "workers",
}
OF_WORKERS = {
    "host": "host",
    "pid": "pid",
    "state": "state",
    "beat": "silent",
    "lanes": "lanes",
    "in hand": "held",
    "sent/s": "sentPerSecond",
    "failed/s": "failedPerSecond",
    "since": "startedAt",
    "version": "version",
}


def join(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "queues")(queues)
    command(app, "workers")(workers)


async def queues(call: Call) -> None:
    """What waits, runs, is tried again and failed, by lane and channel."""
    found = await call.ask(QUEUES)
    if call.screen.as_json:
        call.screen.json(found)
        return
    call.screen.rows([_queue(each) for each in found], OF_QUEUES)
    idle = {each["lane"] for each in found if not each["workers"]}
    for lane in sorted(idle):
        call.screen.aside(f"no worker runs for {lane.lower()} messages: start one by `belfry work`")


async def workers(call: Call) -> None:
    """Who delivers, who holds what, and who was lost."""
    found = await call.ask(WORKERS)
    if call.screen.as_json:
        call.screen.json(found)
        return
    call.screen.rows([_worker(each) for each in found], OF_WORKERS)
    if not found:
        call.screen.aside("no worker runs: start one by `belfry work`")


def _queue(found: Mapping[str, Any]) -> dict[str, Any]:
    seconds = found["oldestDueSeconds"]
    counts = {name: _count(found[name]) for name in _COUNTS}
    return {**found, **counts, "oldest": None if seconds is None else f"{seconds:.0f} s"}


def _count(found: Mapping[str, Any]) -> str:
    return f"{found['count']}{'+' if found['atLeast'] else ''}"


def _worker(found: Mapping[str, Any]) -> dict[str, Any]:
    silent = f"{found['silentSeconds']:.0f} s"
    lanes = [each["lane"].lower() for each in found["lanes"]]
    held = sum(each["count"] for each in found["inHand"])
    return {**found, "silent": silent, "lanes": lanes, "held": held}
