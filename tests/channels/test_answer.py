"""What is kept of an answer is short, valid and without secrets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.answer import kept, of_error
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


@pytest.mark.parametrize("secret", ["swordfish", "sword'fish", "sword'\"fish", "sword\\\tfish"])
def test_what_an_error_quotes_of_a_secret_is_blotted_out(secret: str) -> None:
    for said in (secret, f"no {secret}!", [secret], [f'"{secret}'], {secret: 1}):
        for error in (ValueError(said), KeyError(said)):
            assert "fish" not in of_error(error, (secret,))
            assert type(error).__name__ in of_error(error, (secret,))


def test_every_secret_is_blotted_out() -> None:
    assert kept("a: one, b: two, c: one", ("one", "two")) == "a: ***, b: ***, c: ***"


def test_halves_of_surrogate_pairs_become_question_marks() -> None:
    assert kept("a\ud800b") == "a?b"
