"""The launch of a mailing, clients into messages, against an insert_many of the same rows."""

from collections.abc import Iterator

from bench.measure import Contest, Rival, Sample
from bench.rows import ALL, clear, fill
from bench.stage import Stage

GOAL = 0.6


def contests(stage: Stage, count: int) -> Iterator[Contest]:
    """The contest; no worker runs, so nothing is sent meanwhile."""
    fill(stage.database, count)
    # The first launch makes the rows that the first bare turn inserts.
    _turn(stage, "belfry")
    yield Contest(
        "launch",
        "rows",
        Rival("Belfry", lambda: _turn(stage, "belfry")),
        Rival("bare", lambda: _turn(stage, "bare")),
        GOAL,
    )
    clear(stage.database, *ALL)


def _turn(stage: Stage, name: str) -> Sample:
    return stage.sample_of("bench.launch_turn", name)
