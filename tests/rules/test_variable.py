import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.variable import Type, Variable, fitting, mistakes

RESERVED = "unsubscribeUrl"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
NAMES = st.sampled_from(["name", "nmae", "count", RESERVED, "loop", "in", "", "é"])
VARIABLES = st.lists(st.builds(Variable, NAMES, st.sampled_from(Type)), max_size=4)


def flaws(context: object, *variables: Variable) -> list[str]:
    _, found = fitting(variables, context, reserved=RESERVED)
    return [f"{name}: {said}" for name, said in found]


@pytest.mark.parametrize(
    ("type_", "fit", "unfit"),
    [
        (Type.TEXT, ["", "Ann"], [1, True, [], {}]),
        (Type.NUMBER, [0, -1.5, 10**30], ["1", True, [], math.nan, math.inf]),
        (Type.BOOLEAN, [True, False], [0, "true", []]),
        (Type.DATE, ["2026-01-31", "2026-01-31T09:00:00Z"], ["31.1.2026", 20260131, "2026-02-30"]),
        (Type.LIST, [[], [1, "a"]], ["tea", {}, 1]),
        (Type.OBJECT, [{}, {"city": "Riga"}], [[], "x", 1]),
    ],
)
def test_a_value_has_the_type_that_was_declared(
    type_: Type, fit: list[Any], unfit: list[Any]
) -> None:
    for value in fit:
        variables = [Variable("it", type_)]
        assert fitting(variables, {"it": value}, reserved=RESERVED) == ({"it": value}, [])
    for value in unfit:
        assert flaws({"it": value}, Variable("it", type_))[0].startswith("it: `it` must be")


def test_a_default_stands_in_for_what_is_absent_or_null() -> None:
    variables = [Variable("name", default='"you"'), Variable("n", Type.NUMBER, "0")]
    expected: tuple[dict[str, object], list[object]] = ({"name": "you", "n": 0}, [])
    assert fitting(variables, {}, reserved=RESERVED) == expected
    assert fitting(variables, {"name": None, "n": None}, reserved=RESERVED) == expected


def test_everything_that_is_wrong_is_told_by_name() -> None:
    name, count = Variable("name"), Variable("count", Type.NUMBER)
    assert flaws({"nmae": "Ann", "count": "3"}, name, count) == [
        'name: `name` is missing; give a text, like "Ann"',
        "count: `count` must be a number, like 12.5",
        "nmae: the template has no variable `nmae`; did you mean `name`?",
    ]
    assert "leave it out" in flaws({"other": 1})[0]
    assert "filled by Belfry" in flaws({RESERVED: "https://a.example/"})[0]
    assert "must be an object" in flaws(["name"])[0]


@given(VARIABLES, st.dictionaries(NAMES, JSON) | JSON)
def test_any_context_fits_or_is_told_why_not(variables: list[Variable], context: object) -> None:
    values, found = fitting(variables, context, reserved=RESERVED)
    assert found or values.keys() == {each.name for each in variables}


@pytest.mark.parametrize(
    "name", ["", "é", "1a", "a-b", "_a", "a" * 65, "in", "range", "loop", "if"]
)
def test_a_name_that_no_template_could_use_is_refused(name: str) -> None:
    ((at, named, field, _),) = mistakes([Variable("fine"), Variable(name)], RESERVED)
    assert (at, named, field) == (1, name, "name")


def test_a_name_is_declared_once_and_the_reserved_one_never() -> None:
    (twice,) = mistakes([Variable("name"), Variable("name")], RESERVED)
    assert "twice" in twice[3]
    (reserved,) = mistakes([Variable(RESERVED)], RESERVED)
    assert "every template has" in reserved[3]


def test_a_default_has_the_declared_type_and_a_bound() -> None:
    (unfit,) = mistakes([Variable("n", Type.NUMBER, '"3"')], RESERVED)
    assert unfit[2:] == ("default", "must be a number, like 12.5")
    (long,) = mistakes([Variable("n", Type.TEXT, '"' + "x" * 4_000 + '"')], RESERVED)
    assert "shorten" in long[3]
