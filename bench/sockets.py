"""Memory of idle subscriptions: one process, thousands of sockets, a bell on each."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict

import orjson
import psutil
from redis import Redis

from bench.bells import Audience
from bench.delivery import Incomplete
from bench.edge import fill
from bench.measure import Reading
from bench.stage import ROOT, SECRET, Stage
from core.wakeups import PREFIX

NAME = "idle subscriptions"
MOST_KILOBYTES = 27.0
KILOBYTE = 1_000
WARMUP = 200
"""Sockets before the first reading, so that what comes once is not counted."""
QUIET_SECONDS = 1.0


def readings(stage: Stage, sockets: int) -> Iterator[Reading]:
    """Belfry, and a plain Strawberry app in the same run."""
    fill(stage, Audience(0, SECRET, WARMUP + sockets, tabs=1).users, 1)
    with stage.api() as api:
        ours = _each(stage.api_port, api.pid, sockets, lambda: _topics(stage))
    with stage.bare("bench.live_bare") as bare:
        theirs = _each(stage.bare_port, bare.pid, sockets)
    yield Reading(f"memory of an idle subscription, of {sockets:,}", ours, "KB", MOST_KILOBYTES)
    yield Reading("the same in a plain Strawberry app", theirs, "KB")


def _each(port: int, pid: int, sockets: int, standing: Callable[[], int] | None = None) -> float:
    """Kilobytes of resident memory of each of so many more sockets; raises Incomplete."""
    process = psutil.Process(pid)
    with _held(Audience(port, SECRET, WARMUP, tabs=1)):
        before = _settled(process)
        with _held(Audience(port, SECRET, sockets, tabs=1, first=WARMUP)):
            after = _settled(process)
            if standing is not None and standing() < sockets:
                raise Incomplete(f"only {standing()} of {sockets} subscriptions stand")
            return (after - before) / sockets / KILOBYTE


def _topics(stage: Stage) -> int:
    """Topics that Redis is asked for: one for each user whose bell is followed."""
    with Redis.from_url(stage.redis.url) as redis:
        return len(redis.pubsub_channels(f"{PREFIX}*"))


@contextmanager
def _held(audience: Audience) -> Iterator[None]:
    command = [sys.executable, "-m", "bench.sockets_load"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(orjson.dumps(asdict(audience)) + b"\n")
        process.stdin.flush()
        if not process.stdout.readline():
            raise subprocess.CalledProcessError(process.wait(), command)
        yield
        process.stdin.close()


def _settled(process: psutil.Process) -> int:
    """Bytes of resident memory, once the process has had nothing to do for a while."""
    spent = -1.0
    while True:
        times = process.cpu_times()
        if times.user + times.system - spent < QUIET_SECONDS / 20:
            rss: int = process.memory_info().rss
            return rss
        spent = times.user + times.system
        time.sleep(QUIET_SECONDS)
