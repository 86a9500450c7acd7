"""Who may ask for the schema, and what errors give away of it."""

import pytest

from core.settings import load
from graph.introspection import allowed, without_suggestions
from rules.roles import Principal, Role


@pytest.mark.parametrize(
    ("setting", "open_to"),
    [
        ("on", {None, *Role}),
        ("staff", {Role.OPERATOR, Role.ADMIN}),
        ("off", set()),
    ],
)
def test_the_setting_says_who_may(setting: str, open_to: set[Role | None]) -> None:
    settings = load(_env_file=None, introspection=setting)
    for role in (None, *Role):
        principal = Principal("a", role, None) if role else None
        assert allowed(settings, principal) is (role in open_to)


@pytest.mark.parametrize(
    ("said", "left"),
    [
        (
            "Cannot query field 'a' on type 'B'. Did you mean 'c'?",
            "Cannot query field 'a' on type 'B'.",
        ),
        ("Unknown. Did you mean 'a', 'b', or 'c'?", "Unknown."),
        ("No 'x' in 'E' enum. Did you mean the enum value 'Y'?", "No 'x' in 'E' enum."),
        ("'a' has no b. Did you mean to use an inline fragment on 'C' or 'D'?", "'a' has no b."),
        ("nothing is suggested here", "nothing is suggested here"),
    ],
)
def test_suggestions_are_taken_out_of_messages(said: str, left: str) -> None:
    assert without_suggestions(said) == left
