"""One run: databases in a temp folder, and the wanted contests on them, one after another."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import edge, email, latency, launch, live, mailing, memory, sockets, statistics
from bench.measure import Contest, Reading
from bench.report import Results, machine
from bench.stage import Stage, stage

NAMES = (
    "create",
    "list",
    "launch",
    "mailing",
    "e-mail",
    "memory",
    "statistics",
    live.NAME,
    latency.NAME,
    sockets.NAME,
)
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    rounds: int = 5
    rounds_at_edge: int = 15
    seconds: float = 1.5
    """Of load in each turn at the edge: what else the machine does changes within seconds."""
    clients: int = 20_000
    """Of a mailing."""
    many_clients: int = 1_000_000
    """Of the mailing that the worker's memory is watched at."""
    many_delivered: int = 20_000
    """Messages of it that are delivered under watch, at least."""
    many_messages: int = 1_000_000
    """Of the large mailing whose statistics are asked for."""
    sockets: int = 5_000
    """Idle subscriptions whose memory is taken."""
    bells: int = 1_000
    """Sockets that hear live events; for the latency each hears one a second."""


QUICK = Size(
    rounds=3,
    rounds_at_edge=3,
    clients=2_000,
    many_clients=20_000,
    many_delivered=20_000,
    many_messages=50_000,
    sockets=1_000,
)


def run(size: Size, names: Sequence[str], say: Say) -> Results:
    """Measure; `say` hears of each turn. Raises CalledProcessError or Incomplete on failure."""
    contests: list[Contest] = []
    readings: list[Reading] = []
    with tempfile.TemporaryDirectory(prefix="belfry-bench-") as folder, stage(Path(folder)) as here:
        for contest in _contests(here, size, names):
            at_edge = contest.name in edge.NAMES
            for line in contest.run(size.rounds_at_edge if at_edge else size.rounds):
                say(line)
            contests.append(contest)
        for reading in _readings(here, size, names):
            say(f"{reading.name}: {reading.value:,.1f} {reading.unit}")
            readings.append(reading)
        return Results(contests, readings, machine(here))


def _contests(here: Stage, size: Size, names: Sequence[str]) -> Iterator[Contest]:
    at_edge = [name for name in names if name in edge.NAMES]
    if at_edge:
        yield from edge.contests(here, size.seconds, at_edge)
    if "launch" in names:
        yield from launch.contests(here, size.clients)
    if "mailing" in names:
        yield from mailing.contests(here, size.clients)
    if "e-mail" in names:
        yield from email.contests(here, size.clients)
    if live.NAME in names:
        yield from live.contests(here, size.bells, size.seconds)


def _readings(here: Stage, size: Size, names: Sequence[str]) -> Iterator[Reading]:
    if "memory" in names:
        yield from memory.readings(here, size.many_clients, size.many_delivered)
    if "statistics" in names:
        yield from statistics.readings(here, size.many_messages)
    if latency.NAME in names:
        yield from latency.readings(here, size.bells, size.seconds)
    if sockets.NAME in names:
        yield from sockets.readings(here, size.sockets)
