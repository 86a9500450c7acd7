"""Documents, parsed and validated once, and kept within bounds."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    parse,
    validate,
)
from graphql.validation.rules import overlapping_fields_can_be_merged
from graphql.validation.validate import ValidationAbortedError

from core.errors import TooComplex
from core.settings import Settings
from graph import variables
from graph.asked import root_field
from graph.cost import Reckoning, defaults, size_of
from graph.limits import (
    MOST_TOKENS,
    Shape,
    check_introspection,
    check_shape,
    check_text,
    shape,
)

MOST_ERRORS = 10
"""Errors told of one document; each may cost a search for what was meant."""
MOST_COSTS = 64
TOKEN_BYTES = 500
"""Memory of a token's part of a document, about."""
KEPT_BYTES = 32 * 1024 * 1024
NEW_BYTES = 8 * 1024 * 1024

# By its own default, graphql-core would compare the fields of one document for over half a second.
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 30_000


class Refused(Exception):
    """A document that will not be executed, and why; with what was parsed of it, if anything."""

    def __init__(self, errors: list[GraphQLError], document: DocumentNode | None = None) -> None:
        """The errors as the client sees them."""
        super().__init__(errors)
        self.errors = errors
        self.document = document


@dataclass(slots=True)
class Prepared:
    """A valid document, and what its operations ask for."""

    schema: GraphQLSchema
    document: DocumentNode
    shape: Shape
    size: int
    """Bytes in memory, about."""
    operations: dict[str | None, OperationDefinitionNode]
    sizing: tuple[str, ...]
    """The variables that say how long lists are."""
    kinds: dict[str | None, variables.Kinds]
    """The variables of each operation."""
    fields: dict[str | None, str]
    """What each operation asks for, as its root field says."""
    _costs: dict[Any, int] = field(default_factory=dict)

    def check_input(self, name: str | None, said: Mapping[str, Any]) -> None:
        """Raise TooComplex or Invalid on variables that hold too much for this operation."""
        variables.check(self.kinds[name], said)

    def cost(self, name: str | None, said: Mapping[str, Any]) -> int:
        """What the operation of this name costs; remembered by the sizes it asks for."""
        sizes = tuple([size_of(said.get(it)) for it in self.sizing])
        cost = self._costs.get((name, sizes))
        if cost is None:
            if len(self._costs) >= MOST_COSTS:
                self._costs.clear()
            cost = self._costs[name, sizes] = self._reckon(self.operations[name], sizes)
        return cost

    def _reckon(self, operation: OperationDefinitionNode, sizes: tuple[int | None, ...]) -> int:
        said = {at: size for at, size in zip(self.sizing, sizes, strict=True) if size is not None}
        return Reckoning(self.schema, self.document, defaults(operation) | said).cost(operation)


class Documents:
    """Documents by their text. Those asked for again have a place that new ones can't take.

    So whoever sends ever new texts drives out only others like them.
    """

    def __init__(self, kept_bytes: int = KEPT_BYTES, new_bytes: int = NEW_BYTES) -> None:
        """Empty; with bounds on the memory of either kind."""
        self._pinned: dict[str, Prepared] = {}
        self._kept = _Shelf(kept_bytes)
        self._new = _Shelf(new_bytes)

    def get(self, text: str, prepare: Callable[[str], Prepared]) -> Prepared:
        """The document; `prepare` makes it if it is not known, or raises."""
        if found := self._kept.get(text) or self._pinned.get(text):
            return found
        if found := self._new.take(text):
            self._kept.put(text, found)
            return found
        prepared = prepare(text)
        self._new.put(text, prepared)
        return prepared

    def known(self, text: str) -> Prepared | None:
        """The document, if it was prepared before."""
        return self._kept.get(text) or self._pinned.get(text) or self._new.get(text)

    def pin(self, text: str, prepared: Prepared) -> None:
        """Keep a document for good."""
        self._pinned[text] = prepared

    def __len__(self) -> int:
        return len(self._pinned) + len(self._kept.documents) + len(self._new.documents)


class _Shelf:
    """What was used least lately goes first."""

    def __init__(self, most_bytes: int) -> None:
        self.documents: OrderedDict[str, Prepared] = OrderedDict()
        self._most = most_bytes
        self._bytes = 0

    def get(self, text: str) -> Prepared | None:
        if found := self.documents.get(text):
            self.documents.move_to_end(text)
        return found

    def take(self, text: str) -> Prepared | None:
        if found := self.documents.pop(text, None):
            self._bytes -= found.size
        return found

    def put(self, text: str, prepared: Prepared) -> None:
        self.documents[text] = prepared
        self._bytes += prepared.size
        while self._bytes > self._most:
            _, oldest = self.documents.popitem(last=False)
            self._bytes -= oldest.size


def prepare(schema: GraphQLSchema, text: str, settings: Settings, *, suggest: bool) -> Prepared:
    """Parse, measure, validate and weigh a document, the cheap things first; raises Refused."""
    document = None
    try:
        check_text(text)
        document = parse(text, max_tokens=MOST_TOKENS)
        _unlink(document)
        measured = shape(document)
        check_shape(measured, settings)
        _validate(schema, document, suggest=suggest)
        return _prepared(schema, text, document, measured)
    except GraphQLError as error:
        raise Refused([error], document) from None
    except TooComplex as error:
        raise Refused([GraphQLError(str(error), original_error=error)], document) from None


def _validate(schema: GraphQLSchema, document: DocumentNode, *, suggest: bool) -> None:
    errors = validate(schema, document, max_errors=MOST_ERRORS, hide_suggestions=not suggest)
    if len(errors) == 1 and isinstance(errors[0], ValidationAbortedError):
        raise TooComplex("the document says the same too often, or is nested too deeply")
    if errors:
        raise Refused(errors, document)


def _unlink(document: DocumentNode) -> None:
    """Break the circle of a document's tokens, so that it is freed as soon as it is dropped.

    The collector of circles comes seldom in a process of many objects that stay.
    """
    token = document.loc.start_token if document.loc else None
    while token is not None:
        token.prev = None
        token = token.next


def _prepared(
    schema: GraphQLSchema, text: str, document: DocumentNode, measured: Shape
) -> Prepared:
    operations = {
        it.name.value if it.name else None: it
        for it in document.definitions
        if isinstance(it, OperationDefinitionNode)
    }
    reckoning = Reckoning(schema, document, {})
    for operation in operations.values():
        reckoning.cost(operation)
    check_introspection(reckoning.introspection)
    return Prepared(
        schema=schema,
        document=document,
        shape=measured,
        size=(document.token_count or 0) * TOKEN_BYTES + 4 * len(text),
        operations=operations,
        sizing=tuple(sorted(reckoning.names)),
        kinds={name: variables.kinds(schema, it) for name, it in operations.items()},
        fields={name: root_field(document, it) for name, it in operations.items()},
    )
