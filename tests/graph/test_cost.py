"""What an operation costs, against a reference that writes every fragment out."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from graphql import OperationDefinitionNode, build_schema, parse, validate
from hypothesis import given
from hypothesis import strategies as st

from graph.cost import Reckoning, defaults, size_of
from graph.paging import LARGEST_PAGE
from graph.weights import USUAL_SIZE, USUAL_SIZES

SCHEMA = build_schema("""
type Query { things(first: Int! = 20): Things! page(limit: Int!): Things thing: Thing }
type Mutation { make(input: MakeInput!): Things! }
type Things { nodes: [Thing!]! edges: [Edge!] errors: [Thing!]! total: Int! }
type Edge { node: Thing! }
type Thing {
  id: ID! tags: [String!]! edge: Edge
  things(first: Int! = 20): Things! changes(first: Int! = 3): [Thing!]! plain: [Thing!]!
}
input MakeInput { name: String count: Int ids: [ID!] items: [ItemInput!] }
input ItemInput { name: String tags: [String!] }
""")
FIELDS: dict[str, dict[str, str]] = {
    "Query": {"things": "Things", "page": "Things", "thing": "Thing"},
    "Things": {"nodes": "Thing", "edges": "Edge", "errors": "Thing", "total": ""},
    "Edge": {"node": "Thing"},
    "Thing": {
        "id": "",
        "tags": "",
        "edge": "Edge",
        "things": "Things",
        "changes": "Thing",
        "plain": "Thing",
    },
}
LISTS = {"nodes", "edges", "errors", "changes", "plain"}
DEFAULTS = {"things": 20, "changes": 3}
VARIABLES = ("v0", "v1", "v2")
TYPES = ("Things", "Thing", "Edge", "Thing")
"""Of the fragments; each uses only later ones."""


@dataclass(frozen=True, slots=True)
class Node:
    """A field, a fragment's spread (by its number), or an inline fragment without either."""

    name: str = ""
    size: int | str | None = None
    spread: int | None = None
    below: tuple["Node", ...] = ()

    def text(self) -> str:
        if self.spread is not None:
            return f"...F{self.spread}"
        argument = "limit" if self.name == "page" else "first"
        said = f"${self.size}" if isinstance(self.size, str) else self.size
        arguments = "" if self.size is None else f"({argument}: {said})"
        below = " ".join(it.text() for it in self.below)
        return f"{self.name or '...'}{arguments}" + (f" {{ {below} }}" if below else "")


def reference(
    node: Node, page: int | None, fragments: tuple[Node, ...], values: dict[str, int]
) -> int:
    """The cost, by writing everything out."""
    if node.spread is not None:
        return reference(fragments[node.spread], page, fragments, values)
    if not node.name:
        return sum(reference(it, page, fragments, values) for it in node.below)
    said = values.get(node.size) if isinstance(node.size, str) else node.size
    if said is None and node.name in DEFAULTS:
        said = DEFAULTS[node.name]
    own = None if said is None else min(max(said, 0), LARGEST_PAGE)
    if node.name == "page" and own is None:
        own = LARGEST_PAGE
    if node.name not in LISTS:
        return 1 + sum(reference(it, own, fragments, values) for it in node.below)
    around = next((it for it in (own, page) if it is not None), USUAL_SIZE)
    length = USUAL_SIZES.get(node.name, around)
    return 1 + length * sum(reference(it, None, fragments, values) for it in node.below)


@cache
def selections(kind: str, first_fragment: int, depth: int) -> st.SearchStrategy[tuple[Node, ...]]:
    return st.lists(one_of(kind, first_fragment, depth), min_size=1, max_size=2).map(tuple)


@cache
def one_of(kind: str, first_fragment: int, depth: int) -> st.SearchStrategy[Node]:
    fields = [
        field(name, below, first_fragment, depth)
        for name, below in FIELDS[kind].items()
        if depth or not below
    ]
    fragments = [n for n in range(first_fragment, len(TYPES)) if TYPES[n] == kind]
    choices = [*fields, *(st.just(Node(spread=n)) for n in fragments)]
    if depth:
        inline = st.deferred(lambda: selections(kind, first_fragment, depth - 1))
        choices.append(st.builds(lambda below: Node(below=below), inline))
    return st.one_of(choices) if choices else st.just(Node("__typename"))


def field(name: str, below: str, first_fragment: int, depth: int) -> st.SearchStrategy[Node]:
    sizes: st.SearchStrategy[int | str | None] = st.none()
    if name in ("things", "changes", "page"):
        said = st.integers(0, 150) | st.sampled_from(VARIABLES)
        sizes = said if name == "page" else st.none() | said
    if not below:
        return st.just(Node(name))
    inner = st.deferred(lambda: selections(below, first_fragment, depth - 1))
    return st.builds(lambda size, those: Node(name, size, None, those), sizes, inner)


@st.composite
def documents(draw: st.DrawFn) -> tuple[Node, tuple[Node, ...]]:
    fragments = tuple(
        Node(below=draw(selections(kind, number + 1, 1))) for number, kind in enumerate(TYPES)
    )
    return Node(below=draw(selections("Query", 0, 3))), fragments


def cost(text: str, variables: dict[str, Any] | None = None) -> int:
    document = parse(text)
    assert validate(SCHEMA, document) == []
    (operation,) = (it for it in document.definitions if isinstance(it, OperationDefinitionNode))
    said = {name: size_of(raw) for name, raw in (variables or {}).items()}
    sizes = {name: size for name, size in said.items() if size is not None}
    return Reckoning(SCHEMA, document, defaults(operation) | sizes).cost(operation)


@given(documents(), st.dictionaries(st.sampled_from(VARIABLES), st.integers(-5, 150)))
def test_the_cost_is_that_of_the_document_with_all_fragments_written_out(
    document: tuple[Node, tuple[Node, ...]], values: dict[str, int]
) -> None:
    root, fragments = document
    head = ", ".join(f"${name}: Int! = 7" for name in VARIABLES)
    body = root.text().removeprefix("...")
    rest = " ".join(
        f"fragment F{n} on {TYPES[n]} {it.text().removeprefix('...')}"
        for n, it in enumerate(fragments)
    )
    parsed = parse(f"query ({head}) {body} {rest}")
    operation = parsed.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    sizes = {name: size_of(value) for name, value in values.items()}
    reckoning = Reckoning(SCHEMA, parsed, defaults(operation) | sizes)
    known = dict.fromkeys(VARIABLES, 7) | values
    assert reckoning.cost(operation) == reference(root, None, fragments, known)


def test_the_variables_that_say_sizes_are_known_afterwards() -> None:
    text = "query ($a: Int!, $b: ID) { things(first: $a) { total } ...F } fragment F on Query { "
    document = parse(text + "page(limit: $c) { total } }")
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    reckoning = Reckoning(SCHEMA, document, {})
    reckoning.cost(operation)
    assert reckoning.names == {"a", "c"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ __typename }", 1),
        ("{ thing { id tags } }", 3),
        ("{ things { total } }", 2),
        ("{ things { nodes { id } } }", 1 + 1 + 20),
        ("{ things(first: 5) { nodes { id tags } edges { node { id } } } }", 1 + 1 + 10 + 1 + 10),
        ("{ things(first: 5) { errors { id } } }", 1 + 1 + 1),
        ("{ thing { plain { id } } }", 1 + 1 + USUAL_SIZE),
        ("{ thing { changes { id } } }", 1 + 1 + 3),
        ("{ thing { changes(first: 9) { plain { id } } } }", 1 + 1 + 9 * (1 + USUAL_SIZE)),
        ("{ things(first: 1000) { nodes { id } } }", 1 + 1 + LARGEST_PAGE),
        ("{ things(first: -1) { nodes { id } } }", 2),
        ("{ thing { ... @include(if: false) { id } id @skip(if: true) } }", 3),
        ('mutation { make(input: {name: "a"}) { nodes { id } } }', 1 + 1 + USUAL_SIZE),
        ("mutation { make(input: {items: [{}, {}, {}]}) { nodes { id } } }", 1 + 3 + 1 + 3),
        ("mutation { make(input: {ids: [1, 2], items: [{}]}) { total } }", 1 + 3 + 1),
        ("mutation { make(input: {count: 50}) { total } }", 1 + 1),
        ("{ __schema { types { name } } }", 1),
    ],
)
def test_lists_are_multiplied_by_what_says_their_size(text: str, expected: int) -> None:
    assert cost(text) == expected


@pytest.mark.parametrize(
    ("head", "variables", "size"),
    [
        ("$n: Int!", {"n": 7}, 7),
        ("$n: Int!", {"n": 7.0}, 7),
        ("$n: Int!", {"n": 10**400}, LARGEST_PAGE),
        ("$n: Int! = 9", {}, 9),
        ("$n: Int! = 9", {"n": 3}, 3),
        ("$n: Int! = 9", {"other": 3}, 9),
        # What execution will refuse: as if it were not there.
        ("$n: Int!", {}, 20),
        ("$n: Int!", {"n": "7"}, 20),
        ("$n: Int!", {"n": True}, 20),
        ("$n: Int!", {"n": None}, 20),
    ],
)
def test_a_variable_counts_by_its_value(head: str, variables: dict[str, Any], size: int) -> None:
    text = f"query ({head}) {{ things(first: $n) {{ nodes {{ id }} }} }}"
    assert cost(text, variables) == 2 + size


def test_a_page_whose_size_nobody_knows_is_the_largest() -> None:
    assert cost("query ($n: Int!) { page(limit: $n) { nodes { id } } }") == 2 + LARGEST_PAGE


@pytest.mark.parametrize(
    ("head", "said", "variables"),
    [
        ("$in: MakeInput!", "$in", {"in": {"items": [{}] * 1_000, "name": "a"}}),
        ("$items: [ItemInput!]", "{items: $items}", {"items": [{}] * 1_000}),
        ("$ids: [ID!]", "{ids: $ids, items: [{}]}", {"ids": ["1"] * 1_000}),
    ],
)
def test_a_list_of_inputs_counts_itself_and_its_answers(
    head: str, said: str, variables: dict[str, Any]
) -> None:
    text = f"mutation ({head}) {{ make(input: {said}) {{ nodes {{ id tags }} }} }}"
    assert cost(text, variables) == 1 + 1_000 + 1 + 2_000


def test_thirty_levels_of_doubling_fragments_are_reckoned_at_once() -> None:
    links = " ".join(f"fragment F{n} on Things {{ ...F{n + 1} ...F{n + 1} }}" for n in range(30))
    text = f"{{ things(first: 9) {{ ...F0 }} }} {links} fragment F30 on Things {{ nodes {{ id }} }}"
    assert cost(text) == 1 + 2**30 * (1 + 9)
