from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid
from rules import backoff

ATTEMPTS = st.integers(min_value=0, max_value=10**30)
DRAWS = st.floats(min_value=0, max_value=1, exclude_max=True)
NOWS = st.builds(
    datetime.fromtimestamp,
    st.floats(min_value=0, max_value=4e9),
    st.sampled_from([UTC, timezone(timedelta(hours=3))]),
)
HOUR = timedelta(hours=1)
ROUNDING = timedelta(milliseconds=1)


@given(ATTEMPTS, DRAWS)
def test_a_delay_lies_below_its_ceiling_and_never_overflows(attempt: int, draw: float) -> None:
    ceiling = min(3600.0, 5.0 * 2.0 ** min(attempt, 60))
    assert timedelta() <= backoff.delay(attempt, draw) <= timedelta(seconds=ceiling)


@given(st.integers(min_value=0, max_value=12), DRAWS)
def test_a_delay_is_the_drawn_share_of_its_ceiling(attempt: int, draw: float) -> None:
    expected = timedelta(seconds=draw * min(3600, 5 * 2**attempt))
    assert abs(backoff.delay(attempt, draw) - expected) <= timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(0, 2.5), (1, 5), (2, 10), (9, 1280), (10, 1800), (10**100, 1800)]
)
def test_half_a_draw_gives_half_the_ceiling(attempt: int, seconds: float) -> None:
    assert backoff.delay(attempt, 0.5) == timedelta(seconds=seconds)


@given(
    ATTEMPTS,
    DRAWS,
    st.floats(min_value=5e-324, max_value=86_400),
    st.floats(min_value=5e-324, max_value=86_400),
)
def test_any_base_up_to_the_cap_gives_a_delay_up_to_the_cap(
    attempt: int, draw: float, one: float, other: float
) -> None:
    base, cap = sorted((one, other))
    wait = backoff.delay(attempt, draw, base_seconds=base, cap_seconds=cap)
    assert timedelta() <= wait <= timedelta(seconds=cap)


@pytest.mark.parametrize(
    "arguments",
    [
        *((-1, 0.5), (0, 1.0), (0, -0.1), (0, float("nan")), (0, 0.5, 0), (0, 0.5, 10, 5)),
        *((0, 0.5, 5, 86_401), (0, 0.5, float("nan")), (0, 0.5, 5, float("inf"))),
    ],
)
def test_values_out_of_range_are_refused(arguments: Any) -> None:
    with pytest.raises(Invalid):
        backoff.delay(*arguments)


@given(NOWS, ATTEMPTS, DRAWS, st.none() | st.floats())
def test_the_next_try_is_neither_before_the_wish_nor_more_than_an_hour_away(
    now: datetime, attempt: int, draw: float, retry_after: float | None
) -> None:
    due = backoff.next_due(now, attempt, draw, retry_after)
    least = min(retry_after, 3600) if retry_after is not None and retry_after > 0 else 0
    wait = due - now
    assert wait >= max(timedelta(seconds=least), backoff.delay(attempt, draw))
    assert wait < HOUR + ROUNDING


@given(NOWS, ATTEMPTS, DRAWS, st.none() | st.floats())
def test_the_next_try_is_in_utc_and_whole_milliseconds(
    now: datetime, attempt: int, draw: float, retry_after: float | None
) -> None:
    due = backoff.next_due(now, attempt, draw, retry_after)
    assert due.tzinfo is UTC
    assert due.microsecond % 1000 == 0


@pytest.mark.parametrize("retry_after", [None, 0, -5, float("nan"), float("-inf")])
def test_a_senseless_wish_counts_as_none(retry_after: float | None) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert backoff.next_due(now, 0, 0.5, retry_after) == now + timedelta(seconds=2.5)


def test_a_wish_does_not_shorten_the_wait() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert backoff.next_due(now, 5, 0.5, 1) == now + timedelta(seconds=80)


def test_an_endless_wish_is_cut_to_an_hour() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert backoff.next_due(now, 0, 0.5, float("inf")) == now + HOUR


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(Invalid, match="zone"):
        backoff.next_due(datetime.fromisoformat("2026-01-01"), 0, 0.5, None)
