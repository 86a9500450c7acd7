"""The judge of repeats lets pass what nobody could have known, and nothing else."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.cluster.outages import Outage
from tests.cluster.repeats import GONE, LATE, Findings, look
from tests.faults.evidence import Acceptance, Evidence
from tests.faults.worlds import IDS, SECOND, SOON

CUT = "cut off"
PID = 17
LATER = SOON + 10 * SECOND


def attempt(
    at: datetime, verdict: str = "accepted", *, code: str = "200", took: float = 0.1, pid: int = PID
) -> Any:
    said = {"verdict": verdict, "code": code, "duration_ms": took * 1_000}
    return {"message_id": IDS[0], "started_at": at, "worker": f"host:{pid}:life:0", **said}


def gone(at: datetime, pid: int = PID) -> Any:
    return attempt(at, "unknown", code=GONE, took=0, pid=pid)


def outage(since: float, seconds: float, pid: int = PID) -> Outage:
    begin = SOON + since * SECOND
    return Outage(pid, CUT, begin, begin + seconds * SECOND)


def judged(attempts: list[Any], outages: list[Outage], *at: datetime) -> Findings:
    """What is said of one message that the outside took at these times, else now and later."""
    row = {"_id": IDS[0], "number": 100, "channel": "sending_api"}
    times = at or (SOON, LATER)
    taken = [Acceptance("sending_api", 100, one, "79000000000", "Come!") for one in times]
    return look(Evidence([], [], [row], attempts, [], taken), outages)


LAST = attempt(LATER)
SILENCE = attempt(SOON, "unknown", code="timeout", took=1)
HUNG_UP = attempt(SOON, "unknown", code="reset")
TAKEN = attempt(SOON)


@pytest.mark.parametrize(
    ("attempts", "outages", "reason"),
    [
        pytest.param([SILENCE, LAST], [], LATE, id="no answer for as long as one waits"),
        pytest.param([SILENCE, LAST], [outage(-1, 3)], CUT, id="no answer, as it was cut off"),
        pytest.param([HUNG_UP, LAST], [outage(-1, 3)], CUT, id="a line that was broken"),
        pytest.param(
            [gone(SOON + 4 * SECOND), LAST], [outage(0, 999)], CUT, id="a worker that died"
        ),
        pytest.param(
            [TAKEN, gone(SOON + 4 * SECOND), LAST], [outage(0, 5)], CUT, id="a lease that ran out"
        ),
    ],
)
def test_a_repeat_may_be(attempts: list[Any], outages: list[Outage], reason: str) -> None:
    found = judged(attempts, outages)
    assert (dict(found.reasons), found.faults) == ({reason: 1}, [])


@pytest.mark.parametrize(
    ("attempts", "outages"),
    [
        pytest.param([TAKEN, LAST], [outage(-1, 3)], id="after a clear answer"),
        pytest.param([HUNG_UP, LAST], [], id="a line that nobody broke"),
        pytest.param([HUNG_UP, LAST], [outage(-1, 3, pid=99)], id="a line that another lost"),
        pytest.param([HUNG_UP, LAST], [outage(-9, 3)], id="a line that was whole again"),
        pytest.param([gone(SOON + 4 * SECOND), LAST], [], id="a lease lost without need"),
        pytest.param(
            [gone(SOON + 4 * SECOND), LAST], [outage(0, 0.5)], id="a lease lost in a moment"
        ),
        pytest.param(
            [TAKEN, gone(SOON + 4 * SECOND, pid=99), LAST], [outage(0, 5)], id="another's lease"
        ),
        pytest.param([LAST], [outage(-1, 3)], id="no record of the first"),
        pytest.param([SILENCE], [outage(-1, 3)], id="no record of the last"),
        pytest.param(
            [attempt(SOON, "not_accepted"), LAST], [outage(-1, 3)], id="a record that it wasn't"
        ),
        pytest.param([], [], id="no record at all"),
    ],
)
def test_a_repeat_may_not_be(attempts: list[Any], outages: list[Outage]) -> None:
    assert judged(attempts, outages).faults


def test_what_is_taken_once_needs_only_its_record() -> None:
    assert judged([TAKEN], [], SOON).faults == []
    assert judged([], [], SOON).faults


def test_what_arrives_after_it_was_given_up_is_found() -> None:
    late = SOON + 4 * SECOND
    assert judged([SILENCE, LAST], [outage(-1, 3)], late, LATER).faults


def test_an_outage_counts_for_what_of_it_is_within() -> None:
    one = outage(2, 5)
    assert one.within(SOON, SOON + 4 * SECOND) == timedelta(seconds=2)
    assert one.within(SOON + 8 * SECOND, LATER) == timedelta()
