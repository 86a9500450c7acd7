"""What an operation costs: the values that its answer may have, and the items in its input.

A field that may hold a long text counts as several. A list is as long as `first` or `limit` of its own field or of the field around it says, or as the
longest list in that field's `input`; else it has its usual size. Directives are taken to
include everything, and fragments on several types to apply all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

from graph.limits import ENTRIES
from graph.paging import LARGEST_PAGE
from graph.weights import LARGEST_TYPE, USUAL_SIZE, USUAL_SIZES, WEIGHTS, schema_sizes

Sizes: TypeAlias = Mapping[str, int | None]
"""Of variables, by their names."""

_PAGE = ("first", "limit")
_INPUT = "input"


@dataclass(slots=True)
class Sum:
    """What a selection costs: in any case, per item of the page around it, and without a page."""

    fixed: float = 0
    paged: float = 0
    unpaged: float = 0

    def add(self, other: "Sum") -> None:
        """Take in what stands beside."""
        self.fixed += other.fixed
        self.paged += other.paged
        self.unpaged += other.unpaged

    def within(self, size: int | None) -> float:
        """What it costs in a page of that size, or in none."""
        return self.fixed + (self.unpaged if size is None else self.paged * size)


def size_of(raw: object) -> int | None:
    """How long a list a variable's value asks for; None if it says nothing of that."""
    match raw:
        case bool():
            return None
        case int() | float():
            # What the resolver will refuse, such as a page too large, costs no more than the largest.
            return int(min(max(raw, 0), LARGEST_PAGE))
        case list():
            return len(raw)
        case dict():
            return max((len(it) for it in raw.values() if isinstance(it, list)), default=None)
        case _:
            return None


def defaults(operation: OperationDefinitionNode) -> dict[str, int | None]:
    """The sizes of the variables that have defaults."""
    return {
        it.variable.name.value: _literal(it.default_value)
        for it in operation.variable_definitions or ()
        if it.default_value is not None
    }


class Reckoning:
    """Costs of the operations of one valid document, with variables of given sizes.

    Each fragment is reckoned once. `names` are the variables that it asked for, `introspection` the
    values of the schema that all operations reckoned so far ask for; they are in no cost.
    """

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, sizes: Sizes) -> None:
        """Sizes of variables that are missing are taken from the arguments' defaults."""
        self._schema = schema
        self._sizes = sizes
        self._fragments = {
            it.name.value: it
            for it in document.definitions
            if isinstance(it, FragmentDefinitionNode)
        }
        self._known: dict[tuple[str, bool], Sum] = {}
        self._mutates = False
        self.names: set[str] = set()
        self.introspection = 0

    def cost(self, operation: OperationDefinitionNode) -> int:
        """Of this operation."""
        self._mutates = operation.operation is OperationType.MUTATION
        root = self._schema.get_root_type(operation.operation)
        return round(self._selections(operation.selection_set, root).within(None))

    def _selections(self, node: SelectionSetNode, parent: Any) -> Sum:  # noqa: ANN401 - any type
        total = Sum()
        for one in node.selections:
            match one:
                case FieldNode():
                    total.add(self._field(one, parent))
                case InlineFragmentNode():
                    condition = one.type_condition
                    kind = self._type(condition.name.value) if condition else parent
                    total.add(self._selections(one.selection_set, kind))
                case FragmentSpreadNode():
                    total.add(self._fragment(one.name.value))
                case _:
                    raise TypeError(f"no selection: {one}")
        return total

    def _fragment(self, name: str) -> Sum:
        key = (name, self._mutates)
        if key not in self._known:
            node = self._fragments[name]
            kind = self._type(node.type_condition.name.value)
            self._known[key] = self._selections(node.selection_set, kind)
        return self._known[key]

    def _type(self, name: str) -> GraphQLNamedType | None:
        return self._schema.get_type(name)

    def _field(self, node: FieldNode, parent: Any) -> Sum:  # noqa: ANN401 - any type
        name = node.name.value
        field = self._schema.get_field(parent, name)
        assert field is not None, "the document is valid"
        if name in ENTRIES:
            return self._introspected(node, field)
        page, inputs = self._page(node, field), self._inputs(node, field)
        # A mutation answers with what came in with it.
        weight = 1 if self._mutates else WEIGHTS.get(f"{parent.name}.{name}", 1)
        total = Sum(weight + max(inputs or 0, _literals(node)))
        if node.selection_set is None:
            return total
        size = inputs if page is None else page
        below = self._selections(node.selection_set, get_named_type(field.type))
        if parent.name.startswith("__"):
            total.fixed += below.within(None) * schema_sizes(self._schema).get(name, 1)
            return total
        if not _is_list(field.type):
            total.fixed += below.within(size)
            return total
        each = below.within(None)
        if name in USUAL_SIZES or size is not None:
            total.fixed += each * USUAL_SIZES.get(name, size or 0)
        else:
            total.paged += each
            total.unpaged += each * USUAL_SIZE
        return total

    def _introspected(self, node: FieldNode, field: GraphQLField) -> Sum:
        assert node.selection_set is not None, "the document is valid"
        below = self._selections(node.selection_set, get_named_type(field.type)).within(None)
        self.introspection += round(below * (LARGEST_TYPE if node.name.value == "__type" else 1))
        return Sum(1)

    def _page(self, node: FieldNode, field: GraphQLField) -> int | None:
        """What `first` or `limit` says; None for a field without them."""
        for name in _PAGE:
            if name in field.args:
                said = self._said(_argument(node, name))
                default = _default(field.args[name])
                return said if said is not None else LARGEST_PAGE if default is None else default
        return None

    def _inputs(self, node: FieldNode, field: GraphQLField) -> int | None:
        """How long the longest list in an `input` is; None without any."""
        value = _argument(node, _INPUT)
        if value is None:
            return None
        kind = get_named_type(field.args[_INPUT].type)
        if not isinstance(value, ObjectValueNode) or not isinstance(kind, GraphQLInputObjectType):
            return self._said(value)
        lists = (it for it in value.fields if _is_list(kind.fields[it.name.value].type))
        found = [self._said(it.value) for it in lists]
        return max((it for it in found if it is not None), default=None)

    def _said(self, value: ValueNode | None) -> int | None:
        if isinstance(value, VariableNode):
            self.names.add(value.name.value)
            return self._sizes.get(value.name.value)
        return _literal(value)


def _default(argument: GraphQLArgument) -> int | None:
    # Of a schema made in Python by its value, of one that was parsed by its text.
    if argument.default is None:
        return size_of(argument.default_value)
    return size_of(argument.default.value) or _literal(argument.default.literal)


def _argument(node: FieldNode, name: str) -> ValueNode | None:
    return next((it.value for it in node.arguments or () if it.name.value == name), None)


def _literals(node: FieldNode) -> int:
    """Items of all lists in a field's arguments, as far as they stand in the document."""
    count, level = 0, [it.value for it in node.arguments or ()]
    while level:
        lists = [it.values for it in level if isinstance(it, ListValueNode)]
        objects = [it.fields for it in level if isinstance(it, ObjectValueNode)]
        count += sum(map(len, lists))
        level = [item for items in lists for item in items]
        level += [it.value for fields in objects for it in fields]
    return count


def _is_list(kind: object) -> bool:
    return is_list_type(get_nullable_type(kind))  # type: ignore[call-overload] # of any kind


def _literal(value: ValueNode | None) -> int | None:
    match value:
        case IntValueNode():
            return size_of(int(value.value))
        case ListValueNode():
            return len(value.values)
        case ObjectValueNode():
            lists = (it.value for it in value.fields if isinstance(it.value, ListValueNode))
            return max((len(it.values) for it in lists), default=None)
        case _:
            return None
