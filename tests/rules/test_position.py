import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import position, render

WORDS = st.sampled_from(
    [*str.split("{{ }} {% %} {# #} {%- -%} name | . ' if endif for in x raw endraw"), "\n", "\r\n"]
)


def fault(source: str, **context: object) -> render.Fault:
    with pytest.raises(render.Fault) as caught:
        render.render(source, context)
    return caught.value


@pytest.mark.parametrize(
    ("source", "at"),
    [
        ("{{ a b }}", (1, 6)),
        ("one\n  {{ a b }}", (2, 8)),
        ("one\r\n  {{ a b }}", (2, 8)),
        ("Hello {{ ? }}", (1, 10)),
        ("one\ntwo {{ 'abc }}", (2, 8)),
        ("one\n{% foo %}", (2, 4)),
        ("one\n{% if x %}\n{{ name }", (3, 9)),
        ("{{ [1) }}", (1, 6)),
        ("{% for x in [1] %}{% endif %}", (1, 22)),
        ("one\n\n  {{ name | nonsense }}", (3, 13)),
        ("{{ a is nonsense }}", (1, 9)),
        ("one {{\n  missing }}", (2, 3)),
        ("one   \n{%- if missing %}{% endif %}", (2, 8)),
        ("{{ {}.colour }}", (1, 7)),
        ("{{ {}['colour'] }}", (1, 7)),
        ("four {{ 1 / 0 }}", (1, 6)),
        ("{{ 1 }} {{ 1 / 0 }}", (1, None)),
        ("{{ missing }} and {% if missing %}{% endif %}", (1, 4)),
    ],
)
def test_a_mistake_is_told_with_its_line_and_column(
    source: str, at: tuple[int, int | None]
) -> None:
    mistake = fault(source)
    assert (mistake.line, mistake.column) == at


@pytest.mark.parametrize(
    ("source", "at"),
    [
        ("{{ name }}", (1, 4)),
        ("name {# name #}\n{{ a.name }}{{ b | name }} {{ 'name' }} {{ name }}", (2, 44)),
        ("{% if name %}", (1, 7)),
        ("{% raw %}{{ name }}{% endraw %}", None),
        ("no tag", None),
    ],
)
def test_a_name_is_found_where_it_is_first_taken(source: str, at: tuple[int, int] | None) -> None:
    assert position.of_names(source, {"name", "other"}).get("name") == at


@given(st.lists(WORDS | st.text(max_size=3), max_size=20).map(" ".join))
def test_any_mistake_has_a_place_that_exists_or_none(source: str) -> None:
    try:
        render.check(source)
        return
    except render.Fault as error:
        line, column = error.line, error.column
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert column is None or (line and 1 <= column <= len(lines[line - 1]) + 1)
