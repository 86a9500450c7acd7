from pathlib import Path

from tests.faults.scene import report
from tests.faults.soak import soak


async def test_a_short_soak_breaks_no_rule(tmp_path: Path) -> None:
    tally = await soak(tmp_path, seed=1, seconds=0, round_seconds=8)
    assert tally.faults.total() > 10
    assert tally.counts["messages"] > 100
    assert tally.violations == [], report(tally.violations)
