"""The launch of a mailing, clients into messages, against an insert_many of the same rows."""

import subprocess
import sys
from collections.abc import Iterator

import orjson

from bench.mailing import ROWS, clear, fill
from bench.measure import Contest, Rival, Sample
from bench.stage import ROOT, Stage


def contests(stage: Stage, count: int) -> Iterator[Contest]:
    """The contest; no worker runs, so nothing is sent meanwhile."""
    fill(stage, count)
    # The first launch makes the rows that the first bare turn inserts.
    _turn(stage, "belfry")
    yield Contest(
        "launch",
        "rows",
        Rival("Belfry", lambda: _turn(stage, "belfry")),
        Rival("bare", lambda: _turn(stage, "bare")),
        None,
    )
    clear(stage, *ROWS)


def _turn(stage: Stage, name: str) -> Sample:
    done = subprocess.run(
        [sys.executable, "-m", "bench.launch_turn", name],
        stdout=subprocess.PIPE,
        env=stage.env,
        cwd=ROOT,
        check=True,
    )
    return Sample(**orjson.loads(done.stdout))
