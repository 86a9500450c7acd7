import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine

from cli import moments
from core.errors import Invalid

NOON = datetime(2026, 5, 12, 12, 0, tzinfo=UTC)


@pytest.fixture
def moscow(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The zone of this process."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Europe/Moscow")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("moscow")
def test_a_moment_without_a_zone_is_by_the_clock_on_the_wall() -> None:
    assert moments.moment("--at", "2026-05-12T18:00") == "2026-05-12T15:00:00+00:00"
    assert moments.shown("2026-05-12T15:00:00.123Z") == "2026-05-12 18:00:00"
    assert moments.shown("2026-05-12T15:00:00.123Z", zone=True) == "2026-05-12T18:00:00+03:00"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("now", "2026-05-12T12:00:00+00:00"),
        ("90m", "2026-05-12T13:30:00+00:00"),
        ("+2h", "2026-05-12T14:00:00+00:00"),
        ("2h ago", "2026-05-12T10:00:00+00:00"),
        ("3d", "2026-05-15T12:00:00+00:00"),
        ("1w", "2026-05-19T12:00:00+00:00"),
        ("2026-05-12T18:00:00Z", "2026-05-12T18:00:00+00:00"),
        ("2026-05-12T18:00+05:00", "2026-05-12T13:00:00+00:00"),
    ],
)
def test_a_moment_is_said_as_people_say_it(said: str, meant: str) -> None:
    with time_machine.travel(NOON, tick=False):
        assert moments.moment("--at", said) == meant


@pytest.mark.parametrize("said", ["", "soon", "2026-13-01", "5y", "-2h", "999999w"])
def test_what_is_no_moment_is_refused_with_examples(said: str) -> None:
    with pytest.raises(Invalid, match="--at takes now, 90m"):
        moments.moment("--at", said)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (59, "59 s"),
        (90, "1 min 30 s"),
        (7_201, "2 h 1 s"),
        (93_784, "1 d 2 h"),
    ],
)
def test_a_time_to_wait_is_told_in_its_two_largest_units(seconds: float, told: str) -> None:
    assert moments.span(seconds) == told
