"""Several hosts under load, of which now this one and now that one is away.

They run in a process of their own, whose network nobody else sees; `make cluster` lets everything
befall them in any order, again and again.
"""

import sys
from pathlib import Path

from local.children import Child
from tests.waiting import until

ACTS = (
    "primary_steps_down+worker_cut_off",
    "answers_lost+api_cut_off",
    "majority_lost+redis_cut_off",
    "rolling_restart",
)
PATIENCE = 280.0


def test_nothing_is_lost_or_doubled_whoever_is_away(tmp_path: Path) -> None:
    said: list[str | Path] = ["--minutes", "0", "--seed", "1", "--longest", "6"]
    said += ["--folder", tmp_path / "cluster", "--acts", ",".join(ACTS)]
    command = [sys.executable, "-m", "tests.cluster.drive", *said]
    log = tmp_path / "told.log"
    driver = Child("cluster", command, log)
    driver.launch()
    try:
        until(lambda: not driver.alive, PATIENCE)
    finally:
        driver.kill()
    assert driver.code == 0, log.read_text()
