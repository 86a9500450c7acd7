from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid
from rules.breaker import Gate, State, Tally, gate, pause

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TRIPS = st.integers(min_value=0, max_value=10**30)
DRAWS = st.floats(min_value=0, max_value=1, exclude_max=True)
FIRSTS = st.floats(min_value=5e-324, max_value=86_400)
MOMENTS = st.datetimes(timezones=st.just(UTC))


def tally(outcomes: list[bool], attempts: int, share: float) -> Tally:
    made = Tally(attempts, share)
    for failed in outcomes:
        made.add(failed=failed)
    return made


@given(
    st.lists(st.booleans(), max_size=60),
    st.integers(min_value=1, max_value=20),
    st.integers(min_value=1, max_value=100),
)
def test_a_breaker_trips_by_the_share_of_failures_among_the_last_attempts(
    outcomes: list[bool], attempts: int, percent: int
) -> None:
    last = outcomes[-attempts:]
    enough = len(last) == attempts and sum(last) * 100 >= percent * attempts
    assert tally(outcomes, attempts, percent / 100).tripped is enough


@given(st.lists(st.booleans(), max_size=60), st.integers(min_value=1, max_value=20))
def test_what_is_forgotten_trips_nothing(outcomes: list[bool], attempts: int) -> None:
    made = tally(outcomes, attempts, 1.0)
    made.clear()
    assert not made.tripped
    for _ in range(attempts):
        assert not made.tripped
        made.add(failed=True)
    assert made.tripped


@pytest.mark.parametrize(
    ("attempts", "share"),
    [(0, 0.5), (-1, 0.5), (5, 0), (5, -0.5), (5, 1.01), (5, float("nan"))],
)
def test_a_senseless_tally_is_refused(attempts: int, share: float) -> None:
    with pytest.raises(Invalid):
        Tally(attempts, share)


@pytest.mark.parametrize(
    ("trips", "draw", "first", "seconds"),
    [
        *((0, 0, 4, 3), (1, 0, 4, 6), (0, 0.5, 8, 7), (3, 0, 5, 30)),
        *((4, 0, 5, 45), (10**100, 0, 5, 45), (0, 0, 120, 90), (7, 0, 120, 90)),
    ],
)
def test_a_pause_doubles_up_to_a_minute(
    trips: int, draw: float, first: float, seconds: float
) -> None:
    assert pause(trips, draw, first) == timedelta(seconds=seconds)


@given(TRIPS, DRAWS, st.floats(min_value=0.001, max_value=86_400))
def test_a_pause_is_at_least_three_quarters_of_what_it_may_be(
    trips: int, draw: float, first: float
) -> None:
    full = min(max(60.0, first), first * 2.0 ** min(trips, 60)) * SECOND
    rounding = timedelta(microseconds=1)
    assert 0.75 * full - rounding <= pause(trips, draw, first) <= full + rounding


@given(TRIPS, DRAWS, FIRSTS, st.none() | st.floats())
def test_a_provider_that_names_a_time_is_left_alone_until_then(
    trips: int, draw: float, first: float, wish: float | None
) -> None:
    sensible = min(wish, 3600) if wish is not None and wish > 0 else 0
    expected = max(pause(trips, draw, first), timedelta(seconds=sensible))
    assert pause(trips, draw, first, wish) == expected


@pytest.mark.parametrize("wish", [None, 0, -5, float("nan"), float("-inf")])
def test_a_senseless_wish_counts_as_none(wish: float | None) -> None:
    assert pause(0, 0.0, 4, wish) == 3 * SECOND


def test_an_endless_wish_is_cut_to_an_hour() -> None:
    assert pause(0, 0.0, 4, float("inf")) == timedelta(hours=1)


@pytest.mark.parametrize(
    "arguments",
    [
        *((-1, 0.5, 5), (0, 1.0, 5), (0, -0.1, 5), (0, float("nan"), 5), (0, 0.5, 0)),
        *((0, 0.5, -1), (0, 0.5, float("nan")), (0, 0.5, float("inf")), (0, 0.5, 86_401)),
    ],
)
def test_values_out_of_range_are_refused(arguments: Any) -> None:
    with pytest.raises(Invalid):
        pause(*arguments)


@pytest.mark.parametrize(
    ("state", "retry_at", "probe_until", "expected"),
    [
        (State.CLOSED, None, None, Gate.PASS),
        (State.CLOSED, NOW + SECOND, NOW + SECOND, Gate.PASS),
        (State.OPEN, NOW + SECOND, None, Gate.WAIT),
        (State.OPEN, NOW + SECOND, NOW - SECOND, Gate.WAIT),
        (State.OPEN, NOW, None, Gate.PROBE),
        (State.OPEN, NOW - SECOND, NOW + SECOND, Gate.PROBE),
        (State.OPEN, None, None, Gate.PROBE),
        (State.PROBING, NOW - SECOND, NOW + SECOND, Gate.WAIT),
        (State.PROBING, NOW + SECOND, NOW, Gate.PROBE),
        (State.PROBING, None, NOW - SECOND, Gate.PROBE),
        (State.PROBING, None, None, Gate.PROBE),
    ],
)
def test_each_row_has_its_gate(
    state: str, retry_at: datetime | None, probe_until: datetime | None, expected: Gate
) -> None:
    assert gate(state, retry_at, probe_until, NOW) is expected


@given(st.sampled_from(State), st.none() | MOMENTS, st.none() | MOMENTS, MOMENTS)
def test_no_provider_is_left_alone_for_ever(
    state: State, retry_at: datetime | None, probe_until: datetime | None, now: datetime
) -> None:
    later = max(moment for moment in (now, retry_at, probe_until) if moment is not None)
    assert gate(state, retry_at, probe_until, later) is not Gate.WAIT


def test_a_state_that_nobody_writes_is_an_error() -> None:
    with pytest.raises(ValueError, match="ajar"):
        gate("ajar", None, None, NOW)
