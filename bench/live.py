"""Live events to a thousand bells: how many a second the API process delivers."""

from collections.abc import Iterator
from dataclasses import asdict

import orjson

from bench.bells import Audience
from bench.edge import fill
from bench.live_load import LiveLoad
from bench.measure import Contest, Rival, Sample
from bench.stage import SECRET, Stage

NAME = "live events"
GOAL = 2.05
"""12,500 a second against the 6,100 of a plain Strawberry app on the same machine."""
TABS = 1
"""Sockets of one user. With one each, every event is a wake-up of its own, which costs most."""


def contests(stage: Stage, sockets: int, seconds: float) -> Iterator[Contest]:
    """Each turn has a server of its own.

    The database knows nothing of these events, which the patrol would find out after 15 s.
    """

    def ours() -> Sample:
        with stage.api() as api:
            audience = Audience(stage.api_port, SECRET, sockets, TABS)
            return _sample(stage, audience, api.pid, seconds, through_redis=True)

    def theirs() -> Sample:
        with stage.bare("bench.live_bare") as bare:
            audience = Audience(stage.bare_port, SECRET, sockets, TABS)
            return _sample(stage, audience, bare.pid, seconds, through_redis=False)

    yield Contest(NAME, "events", Rival("Belfry", ours), Rival("bare", theirs), GOAL)


def _sample(
    stage: Stage, audience: Audience, pid: int, seconds: float, *, through_redis: bool
) -> Sample:
    fill(stage, audience.users, 1)
    load = LiveLoad(audience, pid, seconds, through_redis)
    return stage.sample_of("bench.live_load", orjson.dumps(asdict(load)).decode())
