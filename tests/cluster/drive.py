"""A cluster under load, and one thing after the other that befalls it; the judge after each round.

`python -m tests.cluster.drive --minutes 5 --seed 7`; ends with 1 if anything was lost or doubled.
Where the system allows it, the hosts are network namespaces in a network of their own, which
nothing leaves; else addresses of the loopback whose processes are stopped.
"""

import argparse
import asyncio
import contextlib
import ctypes
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.cluster import repeats
from tests.cluster.acts import ACTS
from tests.cluster.building import standing
from tests.cluster.cluster import Cluster
from tests.cluster.load import Load
from tests.cluster.network import Kind, own_network
from tests.faults.judge import judge
from tests.faults.scene import report

END_SECONDS = 180.0
LONGEST_SECONDS = 20.0
KINDS: tuple[Kind, ...] = ("namespaces", "loopback")
_PR_SET_PDEATHSIG = 1


@dataclass
class Tally:
    """What happened, summed over the rounds."""

    acts: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    repeats: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    async def add(self, load: Load) -> None:
        """Count what a round left, and judge it."""
        evidence = await load.cluster.evidence()
        accepted = len(evidence.accepted)
        again = repeats.look(evidence, load.cluster.outages)
        distinct = len({(one.channel, one.key) for one in evidence.accepted})
        self.counts.update(
            rounds=1,
            mailings=len(evidence.mailings),
            messages=len(evidence.messages),
            accepted=accepted,
            repeats=accepted - distinct,
            notifications=load.writers.stored.total(),
            events=sum(len(bell.events) for bell in load.bells),
            moves=sum(bell.moves for bell in load.bells),
        )
        self.refused += load.writers.refused
        if violations := judge(evidence):
            self.faults.append(report(violations))
        self.repeats += again.reasons
        self.faults += [*await load.faults(), *again.faults]

    def told(self) -> str:
        """All of it, for people."""
        said = {"acts": self.acts, "counts": self.counts, "repeats": self.repeats}
        said |= {"refused": self.refused, "events": self.events}
        lines = [f"{name:<9}{_listed(counts)}" for name, counts in said.items()]
        return "\n".join([*lines, f"{'faults':<9}{len(self.faults)}", *self.faults[:50]])


async def round_of(
    cluster: Cluster, seed: str, acts: Sequence[str], longest: float, tally: Tally
) -> None:
    """Empty the cluster, keep it busy, let the acts befall it, make it whole, and judge."""
    await cluster.wipe()
    load = Load.of(cluster, seed, longest)
    async with load.running():
        for name in acts:
            began = time.monotonic()
            together = name.split("+")
            await asyncio.gather(*(ACTS[one](load) for one in together))
            tally.acts.update(together)
            print(f"{name}: {time.monotonic() - began:.1f} s", flush=True)
    with contextlib.suppress(AssertionError):  # the judge says what has not ended
        await cluster.over(seconds=END_SECONDS)
    await tally.add(load)


async def drive(folder: Path, kind: Kind, said: argparse.Namespace) -> Tally:
    """Rounds for about so many minutes, each with all of the acts in another order."""
    tally, seed, acts = Tally(), said.seed, said.acts.split(",")
    until = time.monotonic() + 60 * said.minutes
    dice = random.Random(seed)
    async with standing(folder, kind) as cluster:
        count = 0
        while not count or time.monotonic() < until:
            order = dice.sample(acts, len(acts))
            await round_of(cluster, f"{seed}:{count}", order, said.longest, tally)
            count += 1
            print(f"round {count}: {len(tally.faults)} faults", flush=True)
            if tally.faults:
                break
        tally.events = cluster.events()
    return tally


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument(
        "--acts", default=",".join(ACTS), help="a,b+c: b and c at once; all if absent"
    )
    parser.add_argument(
        "--longest", type=float, default=LONGEST_SECONDS, help="seconds of a mailing, at most"
    )
    parser.add_argument("--network", choices=KINDS, help="else by what the system allows")
    parser.add_argument("--folder", type=Path, help="for data and logs; else a temporary one")
    parser.add_argument("--inside", type=int, metavar="PID", help=argparse.SUPPRESS)
    said = parser.parse_args()
    if unknown := set(said.acts.replace("+", ",").split(",")) - set(ACTS):
        parser.error(f"there is no act {', '.join(unknown)}; there are {', '.join(ACTS)}")
    kind: Kind = said.network or ("namespaces" if said.inside or own_network() else "loopback")
    if kind == "namespaces" and not said.inside:
        _enter_own_network()
    _die_with(said.inside)
    print(f"cluster of {kind}, {said.minutes:g} minutes, --seed {said.seed}", flush=True)
    with contextlib.ExitStack() as stack:
        folder = said.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        tally = asyncio.run(drive(folder, kind, said))
    print(tally.told())
    return 1 if tally.faults else 0


def _enter_own_network() -> None:
    """Become the same program in a network of its own."""
    words = own_network()
    if not words:
        sys.exit("this system allows no network namespaces: see `unshare --user --net`")
    again = [*words, sys.executable, "-m", "tests.cluster.drive", *sys.argv[1:]]
    os.execvp(again[0], [*again, "--inside", str(os.getppid())])  # noqa: S606 - it is ourselves


def _die_with(parent: int | None) -> None:
    """A new user namespace has made the kernel forget it: this process ends with its parent."""
    if parent is None or sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the parent is gone")


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


if __name__ == "__main__":
    sys.exit(main())
