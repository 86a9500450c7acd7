"""Bends documents: values that exist take the place of made-up ones, literals become variables."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    NameNode,
    Node,
    ObjectFieldNode,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    parse_type,
    print_ast,
    value_from_ast_untyped,
    visit,
)

from tests.fuzz.generating import MOMENTS, ODD, literal
from tests.fuzz.known import Known

EXISTING = 0.9
"""Share of the values that exist, among those whose names are known."""
WHOLE = 0.4
"""Share of the inputs that Belfry takes as they are."""
AS_VARIABLES = 0.4
WRONG = 0.15
STRANGE: tuple[Any, ...] = (
    *(None, True, -1, 2**31, 2**63, 10**400, 1.5, 1e308, float("inf"), float("nan")),
    *([], [[]], [None], {}, {"id": 1}, {"$gt": ""}, "nope", *ODD, *MOMENTS),
)


@dataclass
class Bent:
    """What is sent."""

    query: str
    variables: dict[str, Any] | None = None


def bend(schema: GraphQLSchema, text: str, known: Known, dice: Random, *, valid: bool) -> Bent:
    """A document as clients would write it, most of the time."""
    try:
        document = parse(text)
    except GraphQLError:
        return Bent(text)
    if valid:
        document = visit(document, Existing(known, dice))
    if dice.random() > AS_VARIABLES:
        return Bent(_twisted(print_ast(document), dice))
    types = TypeInfo(schema)
    lifting = Lifting(types)
    document = visit(document, TypeInfoVisitor(types, lifting))
    if lifting.values and dice.random() < WRONG:
        lifting.values[dice.choice(list(lifting.values))] = dice.choice(STRANGE)
    return Bent(print_ast(lifting.declared(document)), lifting.values)


class Existing(Visitor):
    """Puts in what exists, by the names of arguments and input fields."""

    def __init__(self, known: Known, dice: Random) -> None:
        super().__init__()
        self._known = known
        self._dice = dice
        self._whole: Node | None = None
        """An input that stays as it is."""

    def enter_argument(self, node: ArgumentNode, *at: Any) -> Node | None:
        if node.name.value != "input" or self._dice.random() > WHOLE:
            return self._replaced(node, at[-1])
        value = self._known.input(_field(at[-1]))
        if value is None:
            return None
        self._whole = ArgumentNode(name=node.name, value=literal(value))
        return self._whole

    def enter_object_field(self, node: ObjectFieldNode, *at: Any) -> Node | None:
        above = at[-1]
        is_whole = any(one is self._whole for one in above)
        return None if is_whole else self._replaced(node, above)

    def _replaced(self, node: ArgumentNode | ObjectFieldNode, above: list[Any]) -> Node | None:
        if self._dice.random() > EXISTING:
            return None
        value = self._known.value(_field(above), node.name.value)
        return None if value is None else type(node)(name=node.name, value=literal(value))


def _field(above: list[Any]) -> str:
    """The field that is asked around a place."""
    return [one.name.value for one in above if isinstance(one, FieldNode)][-1]


@dataclass
class Lifting(Visitor):
    """Makes a variable of each argument."""

    types: TypeInfo
    values: dict[str, Any] = field(default_factory=dict)
    _kinds: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()

    def enter_argument(self, node: ArgumentNode, *_: Any) -> Node | None:
        kind = self.types.get_input_type()
        if kind is None:
            return None
        name = f"v{len(self.values)}"
        self.values[name] = value_from_ast_untyped(node.value)
        self._kinds[name] = str(kind)
        return ArgumentNode(name=node.name, value=VariableNode(name=NameNode(value=name)))

    def declared(self, document: DocumentNode) -> DocumentNode:
        """The document with the variables that it has now."""
        (operation,) = document.definitions
        assert isinstance(operation, OperationDefinitionNode)
        variables = [
            VariableDefinitionNode(
                variable=VariableNode(name=NameNode(value=name)),
                type=parse_type(kind),
                directives=(),
            )
            for name, kind in self._kinds.items()
        ]
        said = OperationDefinitionNode(
            operation=operation.operation,
            name=NameNode(value="Fuzz"),
            variable_definitions=tuple(variables),
            directives=(),
            selection_set=operation.selection_set,
        )
        return DocumentNode(definitions=(said,))


def _twisted(text: str, dice: Random) -> str:
    """The text, now and then with something that no generator of valid documents writes."""
    if dice.random() > 0.1:
        return text
    place = dice.randrange(len(text))
    twists = (
        text[:place],
        text.replace("{", "{ __typename ", 1),
        text.replace("}", "...on Nope { a } }", 1),
        text.replace("}", "@skip(if: true) }", 1),
        text.replace("}", '@include(if: "x") }', 1),
        f"{text} {text}",
        f"{text} fragment A on Query {{ ...A }}",
        text[:place] + dice.choice(ODD) + text[place:],
    )
    return dice.choice(twists)
