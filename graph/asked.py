"""What was asked for, and what came of it, for those who count (M21)."""

import dataclasses
import itertools
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionSetNode,
)

from core import events, tracing
from core.errors import BelfryError, RateLimited
from core.spans import Span

OK = "OK"
LEFT = "CLIENT_LEFT"
UNKNOWN = "unknown"
"""Of what was refused before anybody knew what it asks for."""
SEVERAL = "several"


_UNTOLD = frozenset({OK, LEFT, RateLimited.code})
"""Whoever is refused for asking too often shall not fill the log."""
_START = secrets.token_hex(4)
"""Tells the requests of this process from those of others."""
_numbers = itertools.count(1)


def request_id() -> str:
    """One that no other request has."""
    return f"{_START}-{next(_numbers):x}"


@dataclass(slots=True)
class Asked:
    """One operation, since it came: what the log and those who count know of it."""

    transport: str = UNKNOWN
    request: str = dataclasses.field(default_factory=request_id)
    principal: str | None = None
    """Its subject, as soon as that is known."""
    kind: str = UNKNOWN
    field: str = UNKNOWN
    code: str = OK
    """Of what went wrong first."""
    span: Span | None = None
    """Where it is traced."""
    _began: float = dataclasses.field(default_factory=time.perf_counter)
    _follows: bool = False

    def trace(self, parent: str | None = None) -> None:
        """Let it be a span, below that of a client that says so, if anybody traces."""
        self.span = tracing.begin("server", parent)
        if self.span is not None:
            tracing.enter(self.span)

    def ids(self) -> Mapping[str, str]:
        """What all lines of the log have that are written for it."""
        if self.principal is None:
            return {"request": self.request}
        return {"request": self.request, "principal": self.principal}

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
        if self.span is not None:
            failed = None if self.code == OK else self.code
            self.span.end(f"{self.kind} {self.field}", failed, **self.ids(), **said)
        if self.code not in _UNTOLD:
            events.emit("operation.refused", **said, code=self.code)


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
