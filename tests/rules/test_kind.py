import pytest

from rules.kind import context, unfit
from rules.variable import Type, Variable

FIT = [Variable("key"), Variable("data", Type.OBJECT), Variable("userId")]


def test_what_every_notification_has_fits() -> None:
    assert unfit([*FIT, Variable("targetId", default='""'), Variable("other", default="1")]) == ""


@pytest.mark.parametrize(
    ("variable", "why"),
    [
        (Variable("name"), "`name` needs a default: a notification gives only key, data"),
        (Variable("targetId"), "`targetId` needs a default: a notification may have none"),
        (Variable("data"), "`data` must be of the type OBJECT"),
        (Variable("key", Type.NUMBER), "`key` must be of the type TEXT"),
    ],
)
def test_what_some_notification_has_not_is_told(variable: Variable, why: str) -> None:
    assert why in unfit([*FIT, variable])


def test_a_template_gets_what_it_declares_and_no_more() -> None:
    assert context(FIT[:1], {"key": "sale", "data": {}}) == {"key": "sale"}
