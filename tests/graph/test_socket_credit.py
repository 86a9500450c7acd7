"""The bucket of messages: pure, so judged by its own clock."""

from hypothesis import given
from hypothesis import strategies as st

from graph.socket_credit import BURST_SECONDS, LONG, Credit

RATES = st.integers(1, 100)
PAUSES = st.lists(st.floats(0, 20), max_size=20)


@given(rate=RATES)
def test_what_may_be_said_in_five_seconds_may_be_said_at_once(rate: int) -> None:
    credit = Credit(0.0, rate)
    assert all(credit.take(0.0, rate, 0) for _ in range(int(rate * BURST_SECONDS)))
    assert not credit.take(0.0, rate, 0)


@given(rate=RATES, pauses=PAUSES)
def test_no_more_is_taken_than_the_rate_allows(rate: int, pauses: list[float]) -> None:
    credit, now, taken = Credit(0.0, rate), 0.0, 0
    for pause in pauses:
        now += pause
        while credit.take(now, rate, 0):
            taken += 1
    assert taken <= rate * (BURST_SECONDS + now) + len(pauses)


@given(rate=RATES)
def test_whoever_keeps_to_the_rate_is_never_refused(rate: int) -> None:
    credit = Credit(0.0, rate)
    assert all(credit.take(number / rate, rate, 0) for number in range(20 * rate))


def test_a_long_message_counts_by_its_length() -> None:
    credit = Credit(0.0, 10)
    assert credit.take(0.0, 10, 48 * LONG)
    assert credit.take(0.0, 10, 0)
    assert not credit.take(0.0, 10, 0)
