"""What was asked for, and what came of it, for those who count (M21)."""

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionSetNode,
)

from core import events
from core.errors import BelfryError

OK = "OK"
LEFT = "CLIENT_LEFT"
UNKNOWN = "unknown"
"""Of what was refused before anybody knew what it asks for."""
SEVERAL = "several"


@dataclass(slots=True)
class Asked:
    """One operation, since it came."""

    transport: str = UNKNOWN
    kind: str = UNKNOWN
    field: str = UNKNOWN
    code: str = OK
    """Of what went wrong first."""
    _began: float = dataclasses.field(default_factory=time.perf_counter)
    _follows: bool = False

    def found(self, kind: str, field: str) -> None:
        """Take note of what it turned out to be."""
        self.kind, self.field = kind, field

    def follows(self) -> None:
        """A subscription begins."""
        self._follows = True
        events.note("subscription.begun", field=self.field)

    def ended(self) -> None:
        """Say that it is over, and how."""
        said = {"transport": self.transport, "kind": self.kind, "field": self.field}
        if self._follows:
            events.note("subscription.ended", **said, code=self.code)
        else:
            seconds = time.perf_counter() - self._began
            events.note("operation.answered", **said, code=self.code, seconds=seconds)


def code_of(errors: Sequence[GraphQLError] | None) -> str:
    """The code of the first error; OK without any."""
    if not errors:
        return OK
    return str((errors[0].extensions or {}).get("code", BelfryError.code))


def root_field(document: DocumentNode, operation: OperationDefinitionNode) -> str:
    """The field of a valid operation's root, if it is one; never a name that a client made up."""
    fragments = {
        it.name.value: it for it in document.definitions if isinstance(it, FragmentDefinitionNode)
    }
    names = _fields(operation.selection_set, fragments)
    return names.pop() if len(names) == 1 else SEVERAL


def _fields(selected: SelectionSetNode, fragments: dict[str, FragmentDefinitionNode]) -> set[str]:
    """The names of fields, those in fragments too; each fragment is looked at once."""
    names, seen, left = set[str](), set[str](), [selected]
    while left:
        for node in left.pop().selections:
            if isinstance(node, FieldNode):
                names.add(node.name.value)
            elif (name := getattr(node, "name", None)) is None:
                left.append(node.selection_set)  # type: ignore[attr-defined] # an inline fragment
            elif name.value not in seen:
                seen.add(name.value)
                left.append(fragments[name.value].selection_set)
    return names
