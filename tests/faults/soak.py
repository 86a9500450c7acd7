"""The soak: mailings under all faults at once, round after round, and the judge after each.

`python -m tests.faults.soak --minutes 10 --seed 7`; ends with 1 if a rule was ever broken.
"""

import argparse
import asyncio
import contextlib
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from core import tasks
from tests.faults.building import standing
from tests.faults.evidence import Evidence
from tests.faults.gremlins import CREW, Gremlins
from tests.faults.house import House, told
from tests.faults.judge import Violation, judge
from tests.faults.operators import Operators

ROUND_SECONDS = 30.0
CLIENTS = 400
FAULT_PAUSE = 2.5
ACT_PAUSE = 0.6
END_SECONDS = 180.0
"""Limit for everything to end once all is whole again; the longest mailing ends well before."""


@dataclass
class Tally:
    """What happened, summed over the rounds."""

    faults: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)

    def add(self, evidence: Evidence) -> None:
        """Count what a round left, and judge it."""
        accepted = len(evidence.accepted)
        distinct = len({(one.channel, one.key) for one in evidence.accepted})
        self.counts.update(Counter(str(row["status"]) for row in evidence.messages))
        self.counts.update(
            rounds=1,
            mailings=len(evidence.mailings),
            messages=len(evidence.messages),
            attempts=len(evidence.attempts),
            accepted=accepted,
            repeats=accepted - distinct,
        )
        self.violations += judge(evidence)

    def told(self) -> str:
        """All of it, for people."""
        lines = [f"{'faults':<11}{self.faults.total()}: {_listed(self.faults)}"]
        lines += [f"{'acts':<11}{self.acts.total()}: {_listed(self.acts)}"]
        lines += [f"{'counts':<11}{_listed(self.counts)}"]
        lines += [f"{'events':<11}{_listed(self.events)}"]
        lines += [f"{'violations':<11}{len(self.violations)}", *map(str, self.violations[:50])]
        return "\n".join(lines)


async def round_of(house: House, seed: str, seconds: float, tally: Tally) -> None:
    """Empty the house, let everyone loose in it for a time, make it whole, and judge."""
    await house.forget()
    await house.staffed(CREW)
    operators = Operators(house, random.Random(f"{seed}:operators"), longest=seconds / 2 + 5)
    gremlins = Gremlins(house, seed)
    await operators.settle_in(CLIENTS)
    busy = [
        asyncio.create_task(operators.work(gremlins.calm, ACT_PAUSE)),
        asyncio.create_task(operators.hurry(0.5)),
    ]
    try:
        await gremlins.rage(seconds, FAULT_PAUSE)
        for task in busy:
            if task.done():
                task.result()
    finally:
        await tasks.end(busy)
        tally.faults += gremlins.done
        tally.acts += operators.done
    await house.heal()
    await house.staffed(CREW)
    await operators.resume_all()
    with contextlib.suppress(AssertionError):  # the judge says what has not ended
        await house.over(seconds=END_SECONDS)
    tally.add(await house.evidence())


async def soak(folder: Path, seed: int, seconds: float, round_seconds: float) -> Tally:
    """Rounds for about so many seconds."""
    tally = Tally()
    until = time.monotonic() + seconds
    async with standing(folder) as house:
        count = 0
        while not count or time.monotonic() < until:
            await round_of(house, f"{seed}:{count}", round_seconds, tally)
            count += 1
            print(f"round {count}: {len(tally.violations)} violations", flush=True)
            if tally.violations:
                break
        for worker in house.hired:
            heard = told(worker)
            # Libraries have their say in sentences.
            tally.events.update({name: heard[name] for name in heard if " " not in name})
    return tally


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--round-seconds", type=float, default=ROUND_SECONDS)
    said = parser.parse_args()
    print(f"soak of {said.minutes:g} minutes, --seed {said.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="belfry-soak-") as folder:
        running = soak(Path(folder), said.seed, 60 * said.minutes, said.round_seconds)
        tally = asyncio.run(running)
    print(tally.told())
    return 1 if tally.violations else 0


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


if __name__ == "__main__":
    sys.exit(main())
