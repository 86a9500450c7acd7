"""A mailing through one worker onto the emulator, against a bare aiohttp loop onto the same."""

from collections.abc import Iterator

from bench.delivery import Incomplete, call, deliver
from bench.measure import Contest, Rival, Sample
from bench.rows import TEXT, clear, fill
from bench.stage import Stage
from local.children import Child
from local.ports import LOOPBACK

GOAL = 0.8
LATENCY_SECONDS = 0.05
"""What a provider somewhere else takes to answer; the emulator by itself answers at once."""


def contests(stage: Stage, count: int) -> Iterator[Contest]:
    """The contest, with API, worker and emulator running until the next is asked for."""
    fill(stage.database, count)
    with stage.outside(), stage.api(), stage.worker() as worker:
        for name, latency_seconds in (("mailing", 0.0), ("mailing, 50 ms", LATENCY_SECONDS)):
            faults = {"latency_seconds": latency_seconds}
            call(stage.outside_port, "/_faults", faults, method="PUT")
            yield Contest(
                name,
                "messages",
                Rival("Belfry", lambda: _belfry(stage, worker, count)),
                Rival("bare", lambda: _bare(stage, count)),
                GOAL,
            )


def _belfry(stage: Stage, worker: Child, count: int) -> Sample:
    clear(stage.database, "messages", "attempts", "counters")
    call(stage.outside_port, "/_ledger", method="DELETE")
    sample = deliver(stage, worker, count)
    _check_ledger(stage, count)
    return sample


def _bare(stage: Stage, count: int) -> Sample:
    call(stage.outside_port, "/_ledger", method="DELETE")
    base = f"http://{LOOPBACK}:{stage.outside_port}"
    sample = stage.sample_of("bench.mailing_bare", base, str(count), TEXT)
    _check_ledger(stage, count)
    return sample


def _check_ledger(stage: Stage, count: int) -> None:
    ledger = call(stage.outside_port, "/_ledger?limit=0")
    if ledger["distinct"] != count or ledger["repeats"]:
        said = f"{ledger['distinct']} arrived, {ledger['repeats']} of them more than once"
        raise Incomplete(f"{count} were sent, {said}")
