"""Limits on what one document may ask for, counted before anything is executed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from core.errors import TooComplex
from core.settings import Settings

LONGEST_DOCUMENT = 64 * 1024
"""Characters. What is long by nature belongs into variables."""
MOST_TOKENS = 2_000
MOST_INTROSPECTION = 20_000
"""Values of the schema, about. Introspection runs without a pause, so no time limit can end it."""
ENTRIES = ("__schema", "__type")
"""The fields that open the schema."""

_LONG_NUMBER = re.compile(r"[0-9]{1000}")
"""Python itself refuses to read numbers of over 4,300 digits, and not by an error of the document."""


@dataclass(slots=True)
class Shape:
    """What a document asks for, fragments counted wherever they are used."""

    depth: int = 0
    """Levels of fields."""
    aliases: int = 0
    directives: int = 0
    introspects: bool = False

    def add(self, other: "Shape") -> None:
        """Take in what stands beside."""
        self.depth = max(self.depth, other.depth)
        self.aliases += other.aliases
        self.directives += other.directives
        self.introspects |= other.introspects


def check_text(text: str) -> None:
    """Raise TooComplex on a document that is too long to be read at all."""
    if len(text) > LONGEST_DOCUMENT:
        raise TooComplex(
            f"the document has {len(text)} characters, at most {LONGEST_DOCUMENT} are allowed; "
            "put long values into variables"
        )
    if _LONG_NUMBER.search(text):
        raise TooComplex("a number of the document has too many digits")


def check_shape(shape: Shape, settings: Settings) -> None:
    """Raise TooComplex on a shape beyond a limit, saying which."""
    for name, measured, limit in (
        ("levels of fields", shape.depth, settings.max_depth),
        ("aliases", shape.aliases, settings.max_aliases),
        ("directives", shape.directives, settings.max_directives),
    ):
        if measured > limit:
            raise TooComplex(
                f"the operation has {measured} {name}, at most {limit} are allowed; "
                "ask for less at once"
            )


def check_cost(cost: int, settings: Settings) -> None:
    """Raise TooComplex on an operation that costs too much."""
    if cost > settings.max_cost:
        raise TooComplex(
            f"the operation costs {cost}, at most {settings.max_cost} are allowed; "
            "ask for smaller pages or fewer fields, or send fewer items at once"
        )


def check_introspection(values: int) -> None:
    """Raise TooComplex on a document that asks for more of the schema than any tool needs."""
    if values > MOST_INTROSPECTION:
        raise TooComplex(
            f"the document asks for about {values} values of the schema, "
            f"at most {MOST_INTROSPECTION} are allowed; ask for less at once"
        )


def shape(document: DocumentNode) -> Shape:
    """The largest shape among the operations of a document, which need not be valid.

    Each fragment is measured once and remembered: fragments that use others twice, thirty levels
    deep, would take a billion steps. Fragments that use themselves are left to validation. Raises
    TooComplex on one that is nested too deeply to be measured.
    """
    measure = _Measure(document)
    largest = Shape()
    try:
        for operation in document.definitions:
            if isinstance(operation, OperationDefinitionNode):
                _widen(largest, measure.operation(operation))
    except RecursionError:
        raise TooComplex("the document is nested too deeply; ask for less at once") from None
    return largest


def _widen(largest: Shape, other: Shape) -> None:
    # Only one operation of a document is executed.
    for name in ("depth", "aliases", "directives", "introspects"):
        setattr(largest, name, max(getattr(largest, name), getattr(other, name)))


class _Measure:
    def __init__(self, document: DocumentNode) -> None:
        self._fragments = {
            it.name.value: it
            for it in document.definitions
            if isinstance(it, FragmentDefinitionNode)
        }
        self._known: dict[str, Shape] = {}

    def operation(self, node: OperationDefinitionNode) -> Shape:
        total = self._selections(node.selection_set)
        total.directives += len(node.directives or ())
        for variable in node.variable_definitions or ():
            total.directives += len(variable.directives or ())
        return total

    def _selections(self, node: SelectionSetNode) -> Shape:
        total = Shape()
        for part in self._parts(node):
            total.add(part)
        return total

    def _parts(self, node: SelectionSetNode) -> Iterator[Shape]:
        for one in node.selections:
            if one.directives:
                yield Shape(directives=len(one.directives))
            match one:
                case FieldNode():
                    yield self._field(one)
                case InlineFragmentNode():
                    yield self._selections(one.selection_set)
                case FragmentSpreadNode():
                    yield self._fragment(one.name.value)
                case _:
                    raise TypeError(f"no selection: {one}")

    def _field(self, node: FieldNode) -> Shape:
        name = node.name.value
        own = Shape(1, node.alias is not None, 0, name in ENTRIES)
        if node.selection_set is not None:
            below = self._selections(node.selection_set)
            below.depth += 1
            own.add(below)
        return own

    def _fragment(self, name: str) -> Shape:
        if name not in self._known:
            # Stands for itself within itself, so that a circle ends.
            self._known[name] = Shape()
            if fragment := self._fragments.get(name):
                measured = self._selections(fragment.selection_set)
                measured.directives += len(fragment.directives or ())
                self._known[name] = measured
        return self._known[name]
