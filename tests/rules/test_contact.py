"""Names of contacts: one spelling is kept, and those that look the same are one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid, Problem
from rules import contact


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ("", Problem.BLANK),
        (" \t", Problem.BLANK),
        ("a" * 101, Problem.TOO_LONG),
        *((raw, Problem.INVALID) for raw in ("a\nb", "a\0b", "a\u2028b", "a\ud800b", None, 7)),
    ],
)
def test_a_name_is_1_to_100_characters_that_can_be_seen(raw: Any, problem: Problem) -> None:
    with pytest.raises(Invalid) as refused:
        contact.name(raw)
    assert refused.value.problem is problem


def test_a_name_keeps_its_case_and_loses_the_spaces_around_it() -> None:
    assert contact.name("  Ann Bell ") == "Ann Bell"


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ann", "ANN "), ("Straße", "STRASSE"), ("Йод", "йод"), ("Andre\u0301", "andr\u00e9")],
)
def test_names_that_look_the_same_are_one(one: str, other: str) -> None:
    assert contact.key(one) == contact.key(other)


@given(st.text(max_size=50))
def test_a_key_is_its_own_key(said: str) -> None:
    key = contact.key(said)
    assert contact.key(key).strip() == key.strip()
