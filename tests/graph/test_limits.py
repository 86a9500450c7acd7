"""The shape of a document: what is measured, and that measuring is cheap and never exponential."""

from dataclasses import dataclass

import pytest
from graphql import parse
from hypothesis import given
from hypothesis import strategies as st

from core.errors import TooComplex
from core.settings import load
from graph.limits import (
    LONGEST_DOCUMENT,
    MOST_INTROSPECTION,
    Shape,
    check_cost,
    check_introspection,
    check_shape,
    check_text,
    shape,
)

NAMES = ("a", "b", "types", "fields", "__schema", "__typename")
FRAGMENTS = 4


@dataclass(frozen=True, slots=True)
class Node:
    """A selection: a field, a spread of a fragment, or an inline fragment (without a name)."""

    name: str = ""
    alias: bool = False
    directives: int = 0
    spread: int | None = None
    below: tuple["Node", ...] = ()

    def text(self) -> str:
        marks = " @include(if: true)" * self.directives
        below = f" {{ {' '.join(it.text() for it in self.below)} }}" if self.below else ""
        if self.spread is not None:
            return f"...F{self.spread}{marks}"
        name = f"{'x: ' * self.alias}{self.name}" if self.name else "..."
        return f"{name}{marks}{below}"

    def expanded(self, fragments: list["Node"], level: int = 0) -> list[tuple[int, "Node"]]:
        """Every selection with its level, fragments written out wherever they stand."""
        if self.spread is not None:
            return [(0, self), *fragments[self.spread].expanded(fragments, level)]
        level += bool(self.name)
        found = [it for one in self.below for it in one.expanded(fragments, level)]
        return [(level if self.name else 0, self), *found]


def nodes(first_fragment: int) -> st.SearchStrategy[Node]:
    """Selections that use only fragments from this number on, so that there is no circle."""
    counts = st.integers(0, 2)
    leaves = st.builds(Node, st.sampled_from(NAMES), st.booleans(), counts)
    if first_fragment < FRAGMENTS:
        spread = st.integers(first_fragment, FRAGMENTS - 1)
        leaves |= st.builds(Node, directives=counts, spread=spread)
    names = st.sampled_from((*NAMES, ""))
    return st.recursive(
        leaves,
        lambda below: st.builds(
            lambda name, alias, count, those: Node(name, alias and name != "", count, None, those),
            names,
            st.booleans(),
            counts,
            st.lists(below, min_size=1, max_size=3).map(tuple),
        ),
        max_leaves=6,
    )


def whole(first_fragment: int) -> st.SearchStrategy[Node]:
    """The selection of an operation or a fragment."""
    some = st.lists(nodes(first_fragment), min_size=1, max_size=3)
    return some.map(lambda below: Node(below=tuple(below)))


documents = st.tuples(whole(0), st.tuples(*(whole(n + 1) for n in range(FRAGMENTS))))


@given(documents)
def test_the_shape_is_that_of_the_document_with_all_fragments_written_out(
    document: tuple[Node, tuple[Node, ...]],
) -> None:
    root, fragments = document
    text = root.text().removeprefix("...") + "".join(
        f" fragment F{number} on Query{it.text().removeprefix('...')}"
        for number, it in enumerate(fragments)
    )
    found = root.expanded(list(fragments))
    assert shape(parse(text)) == Shape(
        depth=max(level for level, _ in found),
        aliases=sum(it.alias for _, it in found),
        directives=sum(it.directives for _, it in found),
        introspects=any(it.name == "__schema" for _, it in found),
    )


def doubling(levels: int, last: str) -> str:
    """Fragments that use the next one twice each: written out, it would have 2^levels of the last."""
    links = (f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels))
    return f"{{ ...F0 }} {' '.join(links)} fragment F{levels} on Query {{ {last} }}"


def test_thirty_levels_of_doubling_fragments_are_measured_at_once() -> None:
    text = doubling(30, "x: __typename @include(if: true)")
    assert shape(parse(text)) == Shape(1, 2**30, 2**30)


def test_fragments_that_use_themselves_are_measured_and_left_to_validation() -> None:
    circle = "{ ...A } fragment A on Q { x: a ...B } fragment B on Q { y: a { ...A } }"
    assert shape(parse(circle)).aliases == 2
    assert shape(parse("{ ...A } fragment A on Q { ...A ...A }")) == Shape()


def test_a_fragment_that_is_missing_has_no_shape() -> None:
    assert shape(parse("{ a ...Missing }")) == Shape(1)


def test_a_chain_of_fragments_longer_than_the_stack_is_too_complex() -> None:
    chain = " ".join(f"fragment F{n} on Q {{ a {{ ...F{n + 1} }} }}" for n in range(2_000))
    with pytest.raises(TooComplex, match="nested too deeply"):
        shape(parse(f"{{ ...F0 }} {chain}"))


def test_of_several_operations_the_largest_counts() -> None:
    text = "query A { a { a { a } } } query B @x { b: a c: a } mutation C($a: Int @y @z) { a }"
    assert shape(parse(text)) == Shape(3, 2, 2)


SETTINGS = load(_env_file=None, max_depth=5, max_aliases=3, max_directives=2, max_cost=10)


@pytest.mark.parametrize(
    ("measured", "said"),
    [
        (Shape(depth=6), "6 levels of fields, at most 5"),
        (Shape(aliases=4), "4 aliases, at most 3"),
        (Shape(directives=3), "3 directives, at most 2"),
    ],
)
def test_a_shape_beyond_a_limit_is_refused_by_its_number(measured: Shape, said: str) -> None:
    with pytest.raises(TooComplex, match=said):
        check_shape(measured, SETTINGS)


def test_a_shape_at_its_limits_passes() -> None:
    check_shape(Shape(5, 3, 2), SETTINGS)
    check_introspection(MOST_INTROSPECTION)
    check_cost(10, SETTINGS)
    check_text("x" * LONGEST_DOCUMENT)


def test_a_cost_or_a_text_beyond_the_limit_is_refused_by_its_number() -> None:
    with pytest.raises(TooComplex, match="costs 11, at most 10"):
        check_cost(11, SETTINGS)
    with pytest.raises(TooComplex, match=f"about {MOST_INTROSPECTION + 1} values of the schema"):
        check_introspection(MOST_INTROSPECTION + 1)
    with pytest.raises(TooComplex, match=f"has {LONGEST_DOCUMENT + 1} characters"):
        check_text("x" * (LONGEST_DOCUMENT + 1))
