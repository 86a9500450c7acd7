"""One run: databases in a temp folder, and the wanted contests on them, one after another."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import edge, launch, mailing
from bench.measure import Contest
from bench.report import Machine, machine
from bench.stage import Stage, stage

NAMES = ("create", "list", "launch", "mailing")
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    rounds: int = 5
    seconds: float = 5.0
    """Of load in each turn at the edge."""
    clients: int = 20_000
    """Of a mailing."""


QUICK = Size(rounds=3, seconds=1.5, clients=2_000)


def run(size: Size, names: Sequence[str], say: Say) -> tuple[list[Contest], Machine]:
    """Measure; `say` hears of each turn. Raises CalledProcessError or Incomplete on failure."""
    done: list[Contest] = []
    with tempfile.TemporaryDirectory(prefix="belfry-bench-") as folder, stage(Path(folder)) as here:
        for contest in _contests(here, size, names):
            for line in contest.run(size.rounds):
                say(line)
            done.append(contest)
        return done, machine(here)


def _contests(here: Stage, size: Size, names: Sequence[str]) -> Iterator[Contest]:
    at_edge = [name for name in names if name in edge.NAMES]
    if at_edge:
        yield from edge.contests(here, size.seconds, at_edge)
    if "launch" in names:
        yield from launch.contests(here, size.clients)
    if "mailing" in names:
        yield from mailing.contests(here, size.clients)
