"""What a notification gives the template that its kind names (N7)."""

from collections.abc import Mapping, Sequence

from rules.variable import Type, Variable

GIVEN: Mapping[str, Type] = {
    "key": Type.TEXT,
    "data": Type.OBJECT,
    "userId": Type.TEXT,
    "targetId": Type.TEXT,
}
OPTIONAL = "targetId"


def unfit(variables: Sequence[Variable]) -> str:
    """Why no notification could fill a template with these variables; empty if each can."""
    for each in variables:
        if each.name in GIVEN and each.type is not GIVEN[each.name]:
            return f"its variable `{each.name}` must be of the type {GIVEN[each.name].name}"
        if each.required and each.name not in GIVEN:
            names = ", ".join(GIVEN)
            return f"its variable `{each.name}` needs a default: a notification gives only {names}"
        if each.required and each.name == OPTIONAL:
            return f"its variable `{each.name}` needs a default: a notification may have none"
    return ""


def context(variables: Sequence[Variable], given: Mapping[str, object]) -> dict[str, object]:
    """Of what a notification has, that which the template declares."""
    declared = {each.name for each in variables}
    return {name: value for name, value in given.items() if name in declared}
