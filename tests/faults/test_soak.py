from pathlib import Path

import pytest

from tests.faults.scene import report
from tests.faults.soak import soak


# PyMongo 4.16 leaves the socket of a connection to the garbage collector if it is cancelled in the
# moment of connecting (`_async_create_connection` closes it on OSError only).
@pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket.socket fd=[0-9]+, family=2, type=1, proto=6"
    ":pytest.PytestUnraisableExceptionWarning"
)
async def test_a_short_soak_breaks_no_rule(tmp_path: Path) -> None:
    tally = await soak(tmp_path, seed=1, seconds=0, round_seconds=8)
    assert tally.faults.total() > 10
    assert tally.counts["messages"] > 100
    assert tally.violations == [], report(tally.violations)
