import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from core import failpoints
from core.errors import ConfigurationError

HERE = failpoints.place("test.here")
THERE = failpoints.place("test.there")
ROOT = Path(__file__).parents[2]

# A process with something left to say, which a death by SIGKILL leaves unsaid.
VICTIM = """
import os
from core import failpoints
place = failpoints.place("victim.wrote")
failpoints.arm(os.environ["BELFRY_FAIL_AT"], testing=True)
try:
    for count in (b"1", b"2", b"3"):
        os.write(1, count)
        failpoints.reach(place)
finally:
    os.write(1, b" goodbye")
"""


class Deaths:
    """Counts instead of dying."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    """Nothing is armed before or after a test."""
    failpoints.arm("", testing=True)
    yield
    failpoints.arm("", testing=True)


def test_a_process_that_nothing_was_planned_for_survives_every_place() -> None:
    failpoints.reach(HERE)
    failpoints.reach("test.no_such_place")


def test_an_armed_place_acts_when_it_is_reached_and_no_other_does() -> None:
    deaths = Deaths()
    failpoints.arm(HERE, testing=True, act=deaths)
    failpoints.reach(THERE)
    assert deaths.count == 0
    failpoints.reach(HERE)
    assert deaths.count == 1


@pytest.mark.parametrize(("said", "wanted"), [(HERE, 1), (f"{HERE}:1", 1), (f"{HERE}:3", 3)])
def test_a_place_acts_once_the_time_that_was_said(said: str, wanted: int) -> None:
    deaths = Deaths()
    failpoints.arm(said, testing=True, act=deaths)
    seen = []
    for _ in range(5):
        failpoints.reach(HERE)
        seen.append(deaths.count)
    assert seen == [0] * (wanted - 1) + [1] * (6 - wanted)


def test_disarming_takes_the_plan_back_even_outside_tests() -> None:
    deaths = Deaths()
    failpoints.arm(HERE, testing=True, act=deaths)
    failpoints.arm("", testing=False)
    failpoints.reach(HERE)
    assert deaths.count == 0


def test_a_new_plan_replaces_the_old_one() -> None:
    old, new = Deaths(), Deaths()
    failpoints.arm(HERE, testing=True, act=old)
    failpoints.arm(f"{THERE}:2", testing=True, act=new)
    for place in (HERE, THERE, THERE):
        failpoints.reach(place)
    assert (old.count, new.count) == (0, 1)


def test_outside_tests_a_plan_is_refused_and_not_kept() -> None:
    deaths = Deaths()
    with pytest.raises(ConfigurationError, match=r"BELFRY_FAIL_AT.*tests only.*unset it"):
        failpoints.arm(HERE, testing=False, act=deaths)
    failpoints.reach(HERE)
    assert deaths.count == 0


@pytest.mark.parametrize("said", ["test.nowhere", "test.nowhere:2", ":1", " ", HERE.upper()])
def test_an_unknown_place_is_refused_with_the_known_ones(said: str) -> None:
    with pytest.raises(ConfigurationError, match=r"places are .*test\.here, .*test\.there"):
        failpoints.arm(said, testing=True)


@pytest.mark.parametrize("count", ["0", "-1", "1.5", "one", " 1", "1:1", "²"])
def test_a_senseless_count_is_refused(count: str) -> None:
    with pytest.raises(ConfigurationError, match="after the colon comes a number from 1"):
        failpoints.arm(f"{HERE}:{count}", testing=True)


def test_a_name_stands_for_one_place() -> None:
    name = failpoints.place(f"test.{uuid4().hex}")
    assert name in failpoints.places()
    with pytest.raises(ValueError, match=f"there is a place {name} already"):
        failpoints.place(name)


@pytest.mark.parametrize(
    ("said", "code", "written"),
    [
        ("victim.wrote", -signal.SIGKILL, "1"),
        ("victim.wrote:3", -signal.SIGKILL, "123"),
        ("victim.wrote:4", 0, "123 goodbye"),
        ("", 0, "123 goodbye"),
    ],
)
def test_a_process_dies_at_its_place_as_by_kill_9(said: str, code: int, written: str) -> None:
    environment = {**os.environ, "BELFRY_FAIL_AT": said, "PYTHONPATH": str(ROOT)}
    victim = [sys.executable, "-c", VICTIM]
    ended = subprocess.run(victim, env=environment, capture_output=True, check=False, timeout=60)
    assert (ended.returncode, ended.stdout.decode(), ended.stderr) == (code, written, b"")
