from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Invalid
from rules.forecast import Forecast, Opening, finish

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ROUNDING = timedelta(milliseconds=1)


def opening(after_start: int, length: int | None, count: int) -> Opening:
    opens = START + after_start * MINUTE
    return opens, None if length is None else opens + length * MINUTE, count


# Minutes, and rates in messages a minute: the oracle counts them one by one.
OPENINGS = st.lists(
    st.builds(
        opening,
        st.integers(-1_400, 3_000),
        st.none() | st.integers(1, 1_500),
        st.integers(0, 4_000),
    ),
    max_size=6,
)
RATES = st.integers(1, 40)
ENDS = st.integers(-10, 5_000).map(lambda minutes: START + minutes * MINUTE)


def plain(openings: Sequence[Opening], end: datetime, per_minute: int) -> tuple[int, int]:
    """Slowly, minute by minute: at which minute the last message leaves, and how many are left."""
    left = [count for _, _, count in openings]
    minute = 0
    for minute in range((end - START) // MINUTE):
        now, may_leave = START + minute * MINUTE, per_minute
        for _, place in sorted(
            (closing, place)
            for place, (opens, closes, _) in enumerate(openings)
            if (closing := closes_in(opens, closes, now))
        ):
            sent = min(left[place], may_leave)
            left[place] -= sent
            may_leave -= sent
        if not any(left):
            break
    return minute, sum(left)


def closes_in(opens: datetime, closes: datetime | None, now: datetime) -> timedelta:
    if now < opens:
        return timedelta()
    if closes is None or closes - opens >= DAY:
        return 999 * DAY
    return max(timedelta(), closes - opens - (now - opens) % DAY)


def total(openings: Sequence[Opening]) -> int:
    return sum(count for _, _, count in openings)


@settings(deadline=None)
@given(OPENINGS, ENDS, RATES)
def test_a_forecast_is_what_counting_minute_by_minute_finds(
    openings: list[Opening], end: datetime, per_minute: int
) -> None:
    found = finish(openings, START, end, per_minute / 60)
    minute, unsent = plain(openings, end, per_minute)
    assert found.unsent == unsent
    assert (found.finish_at is None) is (unsent > 0)
    if found.finish_at is not None and total(openings):
        assert (
            minute * MINUTE - ROUNDING
            <= found.finish_at - START
            <= (minute + 1) * MINUTE + ROUNDING
        )


@settings(deadline=None)
@given(OPENINGS, ENDS, RATES, RATES)
def test_more_rate_never_finishes_later_nor_sends_less(
    openings: list[Opening], end: datetime, one: int, other: int
) -> None:
    slow, fast = (finish(openings, START, end, rate / 60) for rate in sorted((one, other)))
    assert fast.unsent <= slow.unsent
    if slow.finish_at is not None:
        assert fast.finish_at is not None
        assert fast.finish_at <= slow.finish_at + ROUNDING


@settings(deadline=None)
@given(OPENINGS, ENDS, RATES)
def test_no_more_is_sent_than_the_rate_and_the_time_allow(
    openings: list[Opening], end: datetime, per_minute: int
) -> None:
    found = finish(openings, START, end, per_minute / 60)
    sent = total(openings) - found.unsent
    assert 0 <= sent <= max(0, (end - START) // MINUTE) * per_minute
    if found.finish_at is not None:
        assert START <= found.finish_at <= max(START, end)


@settings(deadline=None)
@given(OPENINGS, ENDS, ENDS, RATES)
def test_a_later_end_leaves_no_more_unsent_and_changes_no_finish(
    openings: list[Opening], one: datetime, other: datetime, per_minute: int
) -> None:
    early, late = (finish(openings, START, end, per_minute / 60) for end in sorted((one, other)))
    assert late.unsent <= early.unsent
    if early.finish_at is not None:
        assert late == early


@settings(deadline=None)
@given(st.integers(1, 10**7), st.integers(0, 10_000), st.floats(0.01, 10_000))
def test_one_group_without_a_window_takes_its_count_by_the_rate(
    count: int, minutes: int, per_second: float
) -> None:
    found = finish([opening(minutes, None, count)], START, START + 100_000 * DAY, per_second)
    assert found.finish_at is not None
    expected = START + minutes * MINUTE + timedelta(seconds=count / per_second)
    assert (
        abs(found.finish_at - expected) <= timedelta(seconds=1e-9 * count / per_second) + ROUNDING
    )


@pytest.mark.parametrize(
    ("openings", "hours", "expected"),
    [
        # 3,600 messages an hour; nobody waits.
        ([], 10, Forecast(START, 0)),
        ([opening(0, None, 0)], 10, Forecast(START, 0)),
        ([opening(0, None, 7_200)], 10, Forecast(START + 2 * HOUR, 0)),
        ([opening(0, None, 7_200)], 2, Forecast(START + 2 * HOUR, 0)),
        ([opening(0, None, 7_200)], 1, Forecast(None, 3_600)),
        ([opening(0, None, 7_200)], 0, Forecast(None, 7_200)),
        ([opening(0, None, 7_200)], -1, Forecast(None, 7_200)),
        # Two hours a day, from the third hour on: the third day sees the last of them.
        ([opening(180, 120, 18_000)], 99, Forecast(START + 2 * DAY + 4 * HOUR, 0)),
        ([opening(180, 120, 18_000)], 48, Forecast(None, 3_600)),
        # Half an hour is left of the first window, which comes back whole.
        ([opening(-90, 120, 9_000)], 99, Forecast(START + DAY + 0.5 * HOUR, 0)),
        # What closes soonest goes first, or it would miss its only hour.
        ([opening(0, None, 7_200), opening(0, 60, 3_600)], 3, Forecast(START + 3 * HOUR, 0)),
        # In between there is nothing to send.
        ([opening(0, 60, 1_800), opening(600, 60, 1_800)], 24, Forecast(START + 10.5 * HOUR, 0)),
    ],
)
def test_examples_at_a_message_a_second(
    openings: list[Opening], hours: int, expected: Forecast
) -> None:
    assert finish(openings, START, START + hours * HOUR, 1) == expected


def test_years_of_many_windows_are_no_more_work_than_days() -> None:
    """A window of a minute every ten minutes, for a thousand years."""
    openings = [opening(minute, 1, 60 * 365_000) for minute in range(0, 1_440, 10)]
    found = finish(openings, START, START + 400_000 * DAY, 1)
    assert found == Forecast(START + 364_999 * DAY + 1_431 * MINUTE, 0)
    assert finish(openings, START, START + 364_999 * DAY, 1).unsent == 60 * len(openings)


@pytest.mark.parametrize("per_second", [0, -1, float("nan"), float("inf")])
def test_a_rate_that_is_none_is_refused(per_second: float) -> None:
    with pytest.raises(Invalid, match="rate above 0"):
        finish([], START, START + DAY, per_second)


@pytest.mark.parametrize(
    "wrong", [opening(0, 0, 1), opening(0, -5, 1), opening(0, 5, -1), opening(0, None, -1)]
)
def test_senseless_openings_are_refused(wrong: Opening) -> None:
    with pytest.raises(Invalid, match="give counts from 0"):
        finish([wrong], START, START + DAY, 1)


def test_times_without_a_zone_are_refused() -> None:
    naive = START.replace(tzinfo=None)
    for openings, start, end in (
        ([], naive, START),
        ([], START, naive),
        ([(naive, None, 1)], START, START),
        ([(START, naive, 1)], START, START),
    ):
        with pytest.raises(Invalid, match="with its zone"):
            finish(openings, start, end, 1)
