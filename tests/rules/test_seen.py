from hypothesis import given
from hypothesis import strategies as st

from rules.seen import LARGEST, MOST_PLACES, Seen

NUMBERS = st.integers(0, LARGEST - 1)


@given(st.lists(st.tuples(st.integers(0, 9) | NUMBERS, st.integers(0, MOST_PLACES - 1))))
def test_each_number_is_known_by_its_last_place(said: list[tuple[int, int]]) -> None:
    seen, expected = Seen(), dict[int, int]()
    for number, place in said:
        assert seen.see(number, place) == expected.get(number)
        expected[number] = place


def test_every_phone_fits() -> None:
    assert LARGEST > 9_999_999_999
