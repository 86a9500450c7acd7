"""What is kept of an answer is short, valid and without secrets."""

from hypothesis import given
from hypothesis import strategies as st

from channels.answer import kept
from channels.channel import ANSWER_LIMIT


@given(st.text(max_size=50), st.text(max_size=50), st.integers(0, 2 * ANSWER_LIMIT))
def test_no_secret_and_no_part_of_it_at_the_cut_is_kept(
    before: str, after: str, padding: int
) -> None:
    secret = "\x01swordfish\x02"
    answer = kept(before + "x" * padding + secret + after, (secret,))
    assert "\x01s" not in answer
    assert len(answer) <= ANSWER_LIMIT
    answer.encode("utf-8")


def test_every_secret_is_blotted_out() -> None:
    assert kept("a: one, b: two, c: one", ("one", "two")) == "a: ***, b: ***, c: ***"


def test_halves_of_surrogate_pairs_become_question_marks() -> None:
    assert kept("a\ud800b") == "a?b"
