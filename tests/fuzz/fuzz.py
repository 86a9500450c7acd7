"""The fuzz: made-up operations, frames and requests against a whole Belfry, and what it bears.

`python -m tests.fuzz.fuzz --operations 10000 --seed 7`; ends with 1 if anything was wrong. The
seed gives the same documents and frames; ids are those that exist by then.
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any, TypeVar

from websockets.exceptions import WebSocketException

from local.mongod import Mongod
from local.ports import free_port
from local.redis import Redis
from tests.fuzz import frames, requests
from tests.fuzz.asking import Asking
from tests.fuzz.generating import drawn
from tests.fuzz.house import ROLES, House, standing
from tests.fuzz.judging import objections
from tests.fuzz.known import fill, stock
from tests.fuzz.sending import Asked, Sender, sending
from tests.fuzz.tally import Tally
from tests.fuzz.vitals import MEGABYTE, Vitals, at_rest, broken_rules, complaints, events

AT_ONCE = 6
"""Clients that ask at the same time."""
WARM = 5
"""The first of so many parts fills caches and pools; from its end on nothing may grow."""
MOST_GROWTH = 16 * MEGABYTE
MOST_MORE = 6
"""Files or connections by which a process at rest may differ."""
PORTION = 500
LONG = 2_000
"""Operations from which on a run can tell what grows."""

_Case = TypeVar("_Case")


@dataclass(frozen=True)
class Size:
    """How much of each."""

    operations: int = 10_000
    sequences: int = 10_000
    requests: int = 4_000


@dataclass
class Fuzz:
    """One run against one house."""

    house: House
    sender: Sender
    seed: int
    tally: Tally = field(default_factory=Tally)

    def run(self, size: Size) -> None:
        """All of it, and a look at everything after."""
        portions = Asking(self.house, self.seed).portions(size.operations)
        self._phase("operations", size.operations, self._ask, portions)
        self._phase("sequences", size.sequences, self._play, self._sequences(size.sequences))
        self._phase("requests", size.requests, self._request, self._requests(size.requests))
        for rule in broken_rules(self.house):
            self.tally.object(f"stored: {rule[:80]}", rule)

    def _phase(
        self,
        name: str,
        count: int,
        act: Callable[[_Case], None],
        portions: Iterable[list[_Case]],
    ) -> None:
        """Act on all cases, several at once; what grows after the first part is a leak."""
        done, warm = 0, None
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for portion in portions:
                for _ in pool.map(act, portion):
                    pass
                done += len(portion)
                vitals = self._vitals(f"after {done} {name}")
                if warm is None and done * WARM >= count:
                    warm = vitals
                if not self.house.api.alive:
                    self.tally.object("the API has ended", self.house.api.ending())
                    return
        self._compare(name, warm, self.tally.vitals[-1][1])

    def _vitals(self, when: str) -> Vitals:
        self.sender.close()
        vitals = at_rest(self.house)
        self.tally.vitals.append((when, vitals))
        print(f"{when}: {vitals}; {len(self.tally.findings)} findings", flush=True)
        return vitals

    def _compare(self, name: str, warm: Vitals | None, end: Vitals) -> None:
        if warm is None:
            return
        if end.rss - warm.rss > MOST_GROWTH:
            self.tally.object(f"memory grew during {name}", f"{warm} -> {end}")
        if max(end.files - warm.files, end.to_mongo - warm.to_mongo) > MOST_MORE:
            self.tally.object(f"files stayed open after {name}", f"{warm} -> {end}")

    def _ask(self, asked: Asked) -> None:
        try:
            answer = self.sender.send(asked)
        except (OSError, HTTPException, WebSocketException) as error:
            self.tally.object(f"{asked.way}: no answer, {type(error).__name__} {error}", asked)
            return
        self.tally.add(asked, answer)
        for what in objections(asked, answer):
            self.tally.object(f"{asked.field} by {asked.way}: {what}", asked)

    def _sequences(self, count: int) -> Iterator[list[tuple[frames.Sequence | bytes, bool]]]:
        dice = random.Random(f"sequences:{self.seed}")
        for start in range(0, count, PORTION):
            size = min(PORTION, count - start)
            raw = size // 5
            made: list[Any] = drawn(frames.SEQUENCES, size - raw, f"{self.seed}:{start}")
            made += [frames.raw_frames(dice) for _ in range(size - len(made))]
            yield [(one, dice.random() < 0.15) for one in made]

    def _play(self, case: tuple[frames.Sequence | bytes, bool]) -> None:
        said, leave = case
        try:
            if isinstance(said, bytes):
                frames.play_raw(self.sender, ROLES[len(said) % len(ROLES)], said)
                self.tally.count("sequence of raw frames")
            else:
                self.tally.count(f"sequence {frames.play(self.sender, said, leave=leave)}")
        except (AssertionError, OSError, WebSocketException) as error:
            self.tally.object(f"frames: {type(error).__name__} {str(error)[:80]}", said)

    def _requests(self, count: int) -> Iterator[list[requests.Request | bytes]]:
        dice = random.Random(f"requests:{self.seed}")
        for start in range(0, count, PORTION):
            size = min(PORTION, count - start)
            made: list[Any] = drawn(requests.REQUESTS, size // 2, f"{self.seed}:{start}")
            yield made + [requests.octets(dice) for _ in range(size - len(made))]

    def _request(self, said: requests.Request | bytes) -> None:
        port = int(self.house.environment["PORT"])
        try:
            if isinstance(said, bytes):
                statuses = requests.exchange(port, said)
            else:
                known = self.house.headers(said.role)
                statuses = [requests.ask(port, known, said).status or 0]
        except (OSError, HTTPException) as error:
            self.tally.object(f"request: {type(error).__name__} {str(error)[:80]}", said)
            return
        kind = "octets" if isinstance(said, bytes) else "request"
        for status in statuses or [0]:
            self.tally.count(f"{kind} {status or 'without answer'}")
            if status and status not in requests.DOCUMENTED:
                self.tally.object(f"{kind}: status {status}", said)


def fuzz(folder: Path, mongod: Mongod, redis: Redis, size: Size, seed: int) -> Tally:
    """A run in a house of its own."""
    with standing(folder, mongod, redis) as house:
        stock(house)
        if size.operations >= LONG:
            fill(house)  # else its caches, which have a bound, would look like a leak
        said = {role: house.headers(role) for role in ROLES}
        with sending(int(house.environment["PORT"]), said) as sender:
            run = Fuzz(house, sender, seed)
            run.run(size)
        if not house.api.stop():
            run.tally.object("the API did not end by itself", house.api.log)
        for line in complaints(house):
            run.tally.object(f"log: {line[-160:]}", line)
        for name, count in events(house).items():
            if name.endswith((".failed", ".lost", ".unreachable", ".differ")):
                run.tally.other[f"log {name}"] = count
    return run.tally


def main() -> int:
    """Run from the command line."""
    usual = Size()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=usual.operations)
    parser.add_argument("--sequences", type=int, default=usual.sequences)
    parser.add_argument("--requests", type=int, default=usual.requests)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    said = parser.parse_args()
    print(f"fuzz of {said.operations} operations, --seed {said.seed}", flush=True)
    size = Size(said.operations, said.sequences, said.requests)
    with tempfile.TemporaryDirectory(prefix="belfry-fuzz-") as folder:
        mongod = Mongod(Path(folder) / "mongod", free_port(), cache_gigabytes=0.25)
        redis = Redis(Path(folder) / "redis", free_port())
        try:
            mongod.start()
            redis.start()
            tally = fuzz(Path(folder), mongod, redis, size, said.seed)
        finally:
            redis.stop()
            mongod.stop()
    print(tally.told())
    return 1 if tally.findings else 0


if __name__ == "__main__":
    sys.exit(main())
