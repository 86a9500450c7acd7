"""How long an event takes from its commit to a thousand sockets, at a steady rate."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from statistics import quantiles

import orjson

from bench.bells import Audience, Wrong
from bench.edge import fill
from bench.latency_writer import Pace, Written
from bench.measure import Reading
from bench.stage import ROOT, SECRET, Stage

NAME = "event latency"
MOST_MS = 50.0
TABS = 4
"""Sockets of one user. Each notification reaches as many, so that the writer, which shares the
machine, need not write a thousand a second itself."""
WARMUP_SECONDS = 1.0
SLACK = 1.1
"""A run that took so many times longer than it should did not keep to the rate."""


def readings(stage: Stage, sockets: int, seconds: float) -> Iterator[Reading]:
    """The median and the 99th percentile over all sockets, to each of which goes one a second."""
    audience = Audience(stage.api_port, SECRET, sockets, TABS)
    fill(stage, audience.users, 1)
    with stage.api():
        took = sorted(_took(stage, audience, seconds))
    cuts = quantiles(took, n=100)
    name = f"commit to socket, {sockets:,} events/s to {sockets:,} sockets"
    yield Reading(f"{name}: median", cuts[49], "ms")
    yield Reading(f"{name}: p99", cuts[98], "ms", MOST_MS)


def _took(stage: Stage, audience: Audience, seconds: float) -> Iterator[float]:
    """Milliseconds; raises Wrong unless every event arrived everywhere, at the rate."""
    with subprocess.Popen(
        [sys.executable, "-m", "bench.latency_load"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    ) as bells:
        assert bells.stdin is not None
        assert bells.stdout is not None
        bells.stdin.write(orjson.dumps(asdict(audience)) + b"\n")
        bells.stdin.flush()
        if not bells.stdout.readline():
            raise Wrong("the sockets could not be opened")
        written = _write(stage, audience, seconds + WARMUP_SECONDS)
        bells.stdin.close()
        arrived: list[tuple[str, int]] = orjson.loads(bells.stdout.read())
    if len(arrived) != len(written.committed) * audience.tabs:
        raise Wrong(f"{len(arrived)} arrived of {len(written.committed)} on {audience.tabs} tabs")
    if written.seconds > (seconds + WARMUP_SECONDS) * SLACK:
        raise Wrong(f"writing took {written.seconds:.1f} s: too slow for the rate")
    warm = min(written.committed.values()) + WARMUP_SECONDS * 1e9
    for cursor, moment in arrived:
        if (committed := written.committed[cursor]) > warm:
            yield (moment - committed) / 1e6


def _write(stage: Stage, audience: Audience, seconds: float) -> Written:
    pace = Pace(audience.users, float(len(audience.users)), seconds)
    done = subprocess.run(
        [sys.executable, "-m", "bench.latency_writer"],
        input=orjson.dumps(asdict(pace)),
        stdout=subprocess.PIPE,
        env=stage.env,
        cwd=ROOT,
        check=True,
    )
    return Written(**orjson.loads(done.stdout))
