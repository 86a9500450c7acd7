"""What ends by itself is started again after a pause, unless it holds data."""

import sys
import time
from pathlib import Path

import pytest

from core.errors import Unavailable
from local.children import Child
from local.part import Part

LIMIT_SECONDS = 20.0


@pytest.fixture
def child(tmp_path: Path) -> Child:
    child = Child(
        "API", [sys.executable, "-c", "import signal; signal.pause()"], tmp_path / "api.log"
    )
    child.launch()
    return child


def test_a_living_part_is_left_alone(child: Child) -> None:
    assert Part(child).look_after() is None
    child.stop()


def test_a_fallen_part_is_told_and_started_again(child: Child) -> None:
    part = Part(child)
    child.kill()
    told = part.look_after()
    assert told is not None
    assert told.startswith("API ended by itself (code -9)")
    assert told.endswith("starting it again in 0.5 s")
    come_back(part)
    child.stop()


def test_each_fall_doubles_the_pause(child: Child) -> None:
    part = Part(child)
    child.kill()
    part.look_after()
    come_back(part)
    child.kill()
    told = part.look_after()
    assert told is not None
    assert told.endswith("starting it again in 1 s")


def test_the_end_of_a_vital_part_is_the_end(child: Child) -> None:
    child.kill()
    with pytest.raises(Unavailable, match=r"ended by itself \(code -9\).*api\.log"):
        Part(child, vital=True).look_after()


def come_back(part: Part) -> None:
    deadline = time.monotonic() + LIMIT_SECONDS
    while not part.child.alive:
        assert time.monotonic() < deadline
        assert part.look_after() is None
        time.sleep(0.01)
