from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Invalid
from rules import render

ROWS = [{"name": "Ann", "age": 31, "done": True}, {"name": "Bob", "age": 27, "done": False}]
CONTEXT = {
    "name": "Ann",
    "count": 3,
    "price": 10.5,
    "nothing": None,
    "rows": ROWS,
    "order": {"items": ["tea", "jam"], "get": "express"},
}


def refusal(source: str, context: Any = CONTEXT) -> str:
    with pytest.raises(Invalid) as caught:
        render.render(source, context)
    return str(caught.value)


@settings(deadline=None)
@given(st.text(st.characters(exclude_characters="{\r", exclude_categories=["Cs"])))
def test_text_without_braces_renders_to_itself(source: str) -> None:
    assert render.render(source, {}) == source


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=100))
def test_a_value_is_never_read_as_a_template_or_escaped(value: str) -> None:
    assert render.render("<{{ name }}>", {"name": value}) == f"<{value}>"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Hello {{ name | upper }}!\n", "Hello ANN!\n"),
        ("{% for row in rows %}{{ loop.index }}. {{ row.name }}{{ ', ' if not loop.last }}{% endfor %}",
         "1. Ann, 2. Bob"),
        ("{% for row in rows if row.age > 30 %}{{ row['name'] }}{% else %}-{% endfor %}", "Ann"),
        ("{{ rows | selectattr('done', 'eq', true) | map(attribute='name') | join(', ') }}", "Ann"),
        ("{{ rows | sum(attribute='age') }} {{ rows | length }}", "58 2"),
        ("{{ '%.2f' | format(price) }} {{ price * 2 - 1 }} {{ 7 // 2 }} {{ 7 % 4 }}", "10.50 20.0 3 3"),
        ("{% for what, how in order | items %}{{ what }} {% endfor %}", "items get "),
        ("{{ order.items | join(' and ') }} by {{ order.get }}", "tea and jam by express"),
        ("{{ name[:1] ~ '.' ~ count }} {{ 'n' in name }} {{ nothing is none }}", "A.3 True True"),
        ("{{ missing | default('-') }}{% if missing is defined %}x{% endif %}", "-"),
        ("{% set total = count + 1 %}{% with half = total / 2 %}{{ half }}{% endwith %}", "2.0"),
        ("{{ rows | map(attribute='nick') | map('default', '?') | join }}", "??"),
        ("{{ rows | selectattr('done') | length }}", "1"),
        ("{% for n in range(3) %}{{ n }}{% endfor %}", "012"),
    ],
)  # fmt: skip
def test_the_language_is_enough_for_a_notification(source: str, text: str) -> None:
    assert render.render(source, CONTEXT) == text


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("\n{{ missing }}", "line 2: 'missing' is undefined"),
        ("{{ missing.name }}", "'missing' is undefined"),
        ("{{ order.colour }}", "no attribute 'colour'"),
        ("{{ rows[0]['nick'] }}", "no attribute 'nick'"),
        ("{{ missing | upper }}", "'missing' is undefined"),
        ("{{ name | replace('A', missing) }}", "'missing' is undefined"),
        ("{{ missing + 1 }}", "'missing' is undefined"),
        ("{{ missing ~ 1 }}", "'missing' is undefined"),
        ("{{ missing == 1 }}", "'missing' is undefined"),
        ("{% if missing %}{% endif %}", "'missing' is undefined"),
        ("{% for x in missing %}{% endfor %}", "'missing' is undefined"),
    ],
)
def test_a_value_that_is_missing_is_named(source: str, named: str) -> None:
    assert named in refusal(source)


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("a\nb\n{{ name", "line 3: "),
        ("a\n{% if %}", "line 2: "),
        ("{% endfor %}", "line 1: "),
        ("a\n{{ name | nonsense }}", "line 2: there is no filter `nonsense`"),
        ("a\n{{ name is nonsense }}", "line 2: there is no test `nonsense`"),
        ("a\n{% include 'x' %}", "line 2: no `include` here; use"),
        ("{% macro m() %}{% endmacro %}", "line 1: no `macro` here; use"),
        ("{% block b %}{% endblock %}", "line 1: no `block` here; use"),
        ("{% set x %}{{ name }}{% endset %}", "line 1: no `assignblock` here; use"),
        ("\n\n{{ 10 ** 10 ** 10 }}", "line 3: no `pow` here; use"),
        ("\n{{ name.upper() }}", "line 2: no `call` here; use"),
    ],
)
def test_a_mistake_is_found_before_any_rendering_and_its_line_told(source: str, line: str) -> None:
    with pytest.raises(Invalid) as caught:
        render.check(source)
    assert str(caught.value).startswith(line)


@pytest.mark.parametrize(
    "source",
    [
        *("{{ 1 / 0 }}", "{{ 1 % 0 }}", "{{ name + 1 }}", "{{ name * 2 }}", "{{ rows + rows }}"),
        *("{{ rows < 1 }}", "{{ {}[[]] }}", "{{ rows | sort }}", "{{ name | round }}"),
        *("{{ name[::0] }}", "{{ 1 | join }}", "{{ '%d' | format('x') }}", "{{ '\\ud800' }}"),
        *("{{ range(1, 2, 0) }}", "{{ name | indent({}) }}", "{{ range(200000) }}"),
        "{% for a, b in rows %}{{ a.x }}{% endfor %}",
    ],
)
def test_a_template_that_fails_while_it_renders_is_refused(source: str) -> None:
    render.check(source)
    refusal(source)


@pytest.mark.parametrize(
    "source",
    [
        *("{{ ''.__class__ }}", "{{ name['__class__'] }}", "{{ name | attr('__class__') }}"),
        *("{{ self.__init__ }}", "{{ range.__doc__ }}", "{{ name.upper }}", "{{ rows['append'] }}"),
        "{{ [name] | map(attribute='__class__') | list }}",
        "{{ [name] | map(attribute='__class__.__mro__') | list }}",
        "{{ [name] | sort(attribute='__class__') }}",
        "{{ [name] | join(attribute='__class__') }}",
        *("{% set f = range %}{{ f(1) }}", "{{ rows.append(1) }}", "{{ loop }}", "{{ dict }}"),
        *("{{ '{0.__class__}'.format(name) }}", "{{ '%(a)s' | format(a=1) }}", "{{ namespace }}"),
    ],
)
def test_nothing_but_data_can_be_reached(source: str) -> None:
    refusal(source)


def test_the_context_may_not_lend_its_functions() -> None:
    assert "safely callable" in refusal("{{ range(3) }}", {"range": lambda count: count})


def test_a_context_whose_names_are_no_texts_is_refused() -> None:
    refusal("{{ name }}", {1: 2})


def test_the_variables_are_the_names_taken_from_the_context() -> None:
    source = (
        "{{ name }}{% if missing is defined %}{{ a.b }}{% endif %}{% set c = d %}{{ c }}"
        "{% for e in f if e in g %}{{ loop.index ~ h[i:] }}{% endfor %}{% with j = k %}{{ j }}"
        "{% endwith %}{{ range(l) }}{{ {m: [n]} }}{# o #}{{ 'p' }}"
    )
    assert render.variables(source) == {"name", "missing", "a"} | set("dfghiklmn")


@settings(deadline=None)
@given(st.sets(st.sampled_from("abcdef"), min_size=1))
def test_a_template_renders_when_it_has_its_variables_and_not_without_one(names: set[str]) -> None:
    source = "".join(f"{{{{ {name} }}}}" for name in sorted(names))
    needed = render.variables(source)
    assert render.render(source, dict.fromkeys(needed, "x")) == "x" * len(names)
    for name in needed:
        assert f"'{name}'" in refusal(source, dict.fromkeys(needed - {name}, "x"))


def test_the_variables_of_what_is_no_template_are_refused() -> None:
    with pytest.raises(Invalid):
        render.variables("{{ name")


def test_one_render_leaves_nothing_to_the_next() -> None:
    assert render.render("{% set x = name %}{{ x }}", {"name": "Ann"}) == "Ann"
    refusal("{{ x }}", {})
    assert render.render("{% set x = name %}{{ x }}", {"name": "Bob"}) == "Bob"
