"""Delays in slots: few counts, and percentiles that are not far off."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.delay import begins_at, percentile, slot

DELAYS = st.floats(0, 10 * 366 * 86_400_000)


@given(DELAYS)
def test_a_delay_lies_in_its_slot(delay_ms: float) -> None:
    number = slot(delay_ms)
    # On the border itself the last digit decides.
    assert begins_at(number) <= delay_ms * (1 + 1e-9) + 1e-9
    assert delay_ms <= begins_at(number + 1) * (1 + 1e-9) + 1e-9


def test_no_delay_has_the_first_slot_and_ten_years_not_the_hundredth() -> None:
    assert slot(0) == 0
    assert slot(10 * 366 * 86_400_000) < 100


@given(st.lists(DELAYS, min_size=1, max_size=50), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_percentile_is_at_most_a_slot_off(delays: list[float], share: float) -> None:
    counts: dict[int, int] = {}
    for delay in delays:
        counts[slot(delay)] = counts.get(slot(delay), 0) + 1
    rank = next(n for n in range(1, len(delays) + 1) if n >= share * len(delays))
    exact = sorted(delays)[rank - 1]
    about = percentile(counts, share)
    assert about is not None
    assert begins_at(slot(exact)) <= about <= begins_at(slot(exact) + 1)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_of_nothing_there_is_no_percentile(share: float) -> None:
    assert percentile({}, share) is None
