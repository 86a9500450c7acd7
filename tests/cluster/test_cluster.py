"""Several hosts under load, of which now this one and now that one is away.

Each group runs in a process of its own, whose network nobody else sees; `make cluster` runs all of
them in any order, again and again.
"""

import sys
from pathlib import Path

import pytest

from local.children import Child
from tests.waiting import until

GROUPS = {
    "databases": ("primary_dies", "majority_lost", "primary_steps_down", "secondary_cut_off"),
    "hosts": ("worker_cut_off", "api_cut_off", "redis_cut_off", "rolling_restart"),
}
PATIENCE = 280.0


@pytest.mark.parametrize("group", GROUPS)
def test_nothing_is_lost_or_doubled_whoever_is_away(group: str, tmp_path: Path) -> None:
    said: list[str | Path] = ["--minutes", "0", "--seed", "1", "--folder", tmp_path / "cluster"]
    said += ["--acts", ",".join(GROUPS[group])]
    command = [sys.executable, "-m", "tests.cluster.drive", *said]
    log = tmp_path / "told.log"
    driver = Child("cluster", command, log)
    driver.launch()
    try:
        until(lambda: not driver.alive, PATIENCE)
    finally:
        driver.kill()
    assert driver.code == 0, log.read_text()
