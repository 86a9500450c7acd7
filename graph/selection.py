"""What a query asks for below a field, so that nobody reads what nobody wants."""

from collections.abc import Iterable

from strawberry.types.nodes import SelectedField, Selection

from graph.context import Info


def selects(info: Info, *names: str) -> bool:
    """Whether the field being resolved has one of these fields (in camelCase) selected."""
    return any(_has(field.selections, frozenset(names)) for field in info.selected_fields)


def _has(selections: Iterable[Selection], names: frozenset[str]) -> bool:
    for selection in selections:
        if isinstance(selection, SelectedField):
            if selection.name in names:
                return True
        elif _has(selection.selections, names):
            return True
    return False
