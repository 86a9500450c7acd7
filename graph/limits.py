"""Limits on what one document may ask for, counted before anything is executed."""

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
)

MOST_TOKENS = 2_000
MOST_INTROSPECTION = 20
"""Lists of the schema that a document may unfold; the usual introspection query has 13."""

_LISTS = frozenset(
    {
        *("__schema", "__type", "types", "directives", "fields", "args"),
        *("inputFields", "enumValues", "interfaces", "possibleTypes"),
    }
)


def introspection(document: DocumentNode) -> int:
    """How many lists of the schema a valid document unfolds, fragments counted at each spread.

    Introspection runs without a pause, so no time limit can end it: aliases and fragments that
    repeat it must be refused beforehand. Each fragment is counted once and remembered.
    """
    definitions = document.definitions
    fragments = {it.name.value: it for it in definitions if isinstance(it, FragmentDefinitionNode)}
    known: dict[str, int] = {}

    def spread(name: str) -> int:
        if name not in known:
            known[name] = weigh(fragments[name])
        return known[name]

    def weigh(
        node: OperationDefinitionNode | FragmentDefinitionNode | FieldNode | InlineFragmentNode,
    ) -> int:
        total = 0
        for one in node.selection_set.selections if node.selection_set else ():
            match one:
                case FragmentSpreadNode():
                    total += spread(one.name.value)
                case FieldNode():
                    total += weigh(one) + (one.name.value in _LISTS)
                case InlineFragmentNode():
                    total += weigh(one)
                case _:
                    raise TypeError(f"no selection: {one}")
        return total

    operations = (it for it in definitions if isinstance(it, OperationDefinitionNode))
    return max((weigh(it) for it in operations), default=0)
