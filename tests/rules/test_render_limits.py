import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from core.errors import Invalid, Problem
from rules import render

CONTEXT: dict[str, object] = {
    "name": "Ann",
    "count": 3,
    "price": 10.5,
    "nothing": None,
    "rows": [{"name": "Ann", "age": 31, "done": True}, {"name": "Bob", "age": 27, "done": False}],
    "order": {"items": ["tea", "jam"], "get": "express"},
    "long": "x" * 100_000,
    "many": list(range(20_000)),
    "pieces": "ab " * 30_000,
    "lists": [[1] * 10] * 100,
}
LANGUAGE = str.split(
    "{{ }} {% %} {# #} {%- -%} for in if elif else endif endfor set endset with endwith not and or "
    "is defined none range loop loop.last loop.length loop.cycle recursive macro endmacro call "
    "endcall include import extends block endblock filter endfilter raw endraw autoescape self "
    "super namespace cycler lipsum dict name count price nothing rows order order.items long many "
    "row row.name x y missing ( ) [ ] { } , : . | ~ + - * / // % ** == != < > = 0 1 2 -1 1.5 1e400 "
    "999999999999 'a' '' '%d' '%99d' '{:99}' '\\ud800' upper lower title trim join replace indent "
    "truncate round abs int float sum sort map select selectattr reject list first last length "
    "default unique min max items reverse format urlencode __class__ attribute='name' start=[]"
)


def refusal(source: str, context: Any = CONTEXT) -> Invalid:
    with pytest.raises(Invalid) as caught:
        render.render(source, context)
    return caught.value


@contextmanager
def little_memory() -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 50_000_000


def renders_or_refuses(source: str) -> None:
    text = ""
    with little_memory(), suppress(Invalid):
        text = render.render(source, CONTEXT)
    assert len(text.encode()) <= 4 * render.OUTPUT_LIMIT
    assert len(text) <= render.OUTPUT_LIMIT


@settings(deadline=None)
@given(st.text())
def test_any_text_renders_or_is_refused(source: str) -> None:
    renders_or_refuses(source)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(LANGUAGE) | st.text(max_size=3), max_size=25).map(" ".join))
def test_any_words_of_the_language_render_or_are_refused(source: str) -> None:
    renders_or_refuses(source)


VALUES = st.sampled_from(
    str.split(
        "name count price nothing rows order long many pieces missing x 0 1 -1 1.5 1e400 99999999 'a' '' "
        "'%d' '%99d%s' [] [1] {} {'a':1} (1,2) range(9) range(99999) loop range self"
    )
)
FILTERS = st.sampled_from(
    str.split(
        "default length count first last abs capitalize float format indent int items join list lower "
        "max min reverse round select reject sort sum title trim truncate unique upper urlencode "
        "map('upper') map(attribute='name') selectattr('done') selectattr('age','gt',30) "
        "round(9,'ceil') indent(9) trim('a')"
    )
)
OPERATORS = st.sampled_from([*str.split("+ - * / // % ~ == != < >= in and or"), "not in"])
TESTS = st.sampled_from(str.split("defined undefined none string number mapping sequence odd even"))


def compound(inner: SearchStrategy[str]) -> SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {} {})".format, inner, OPERATORS, inner),
        st.builds("({}|{})".format, inner, FILTERS),
        st.builds("({}|replace({},{}))".format, inner, inner, inner),
        st.builds("({}|join({}))".format, inner, inner),
        st.builds("({}|default({}))".format, inner, inner),
        st.builds("({} is {})".format, inner, TESTS),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("{}[{}]".format, inner, inner),
        st.builds("{}[{}:{}]".format, inner, inner, inner),
        st.builds("{}.name".format, inner),
        st.builds("(-{})".format, inner),
    )


EXPRESSIONS = st.recursive(VALUES, compound, max_leaves=6)
STATEMENTS = st.recursive(
    st.builds("{{{{ {} }}}}".format, EXPRESSIONS) | st.just("text\n"),
    lambda inner: st.one_of(
        st.builds(
            "{{% for x in {} %}}{}{{% else %}}{}{{% endfor %}}".format, EXPRESSIONS, inner, inner
        ),
        st.builds(
            "{{% for x in {} if {} %}}{}{{% endfor %}}".format, EXPRESSIONS, EXPRESSIONS, inner
        ),
        st.builds("{{% if {} %}}{}{{% else %}}{}{{% endif %}}".format, EXPRESSIONS, inner, inner),
        st.builds("{{% set x = {} %}}{}".format, EXPRESSIONS, inner),
        st.builds("{{% with x = {} %}}{}{{% endwith %}}".format, EXPRESSIONS, inner),
        st.builds("{}{}".format, inner, inner),
    ),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None)
@given(STATEMENTS)
def test_any_sentence_of_the_language_renders_or_is_refused(source: str) -> None:
    renders_or_refuses(source)


HOSTILE = [
    "{{ 'x' * 10 ** 9 }}",
    "{{ 'x' * 1000000000 }}",
    "{{ [1] * 1000000000 }}",
    "{{ 10 ** 10 ** 10 }}",
    "{{ range(1000000000) | list }}",
    "{{ range(99999) | list }}",
    "{{ '%999999999d' | format(1) }}",
    "{{ '%*d' | format(999999999, 1) }}",
    "{{ '%.999999999f' | format(1) }}",
    "{{ 'x'.ljust(1000000000) }}",
    "{{ '{:1000000000}'.format(1) }}",
    "{% set f = '{:1000000000}'.format %}{{ f(1) }}",
    "{{ 1.5 | round(1000000000, 'ceil') }}",
    "{{ pieces | indent(100000) }}",
    "{{ pieces | replace('a', long) }}",
    "{{ pieces | replace('', long) }}",
    "{{ many | join(long) }}",
    "{{ long | trim(long) }}",
    "{{ [order] | map(attribute='" + "items." * 3000 + "') | list }}",
    "{{ name | round(9, 'ceil') }}",
    "{{ rows | round(9, 'floor') }}",
    "{{ lists | sum(start=[]) | length }}",
    "{{ many" + " | map('abs')" * 200 + " | list }}",
    "{{ many" + " | select" * 200 + " | list }}",
    "{% for a in many %}{% for b in many %}{% for c in many %}{% endfor %}{% endfor %}{% endfor %}",
    "{% for a in many %}{% for b in many if b < 0 %}{% endfor %}{% endfor %}",
    "{% for a in range(500) %}{% if loop.length and a in many %}{% endif %}{% endfor %}",
    "{% for a in range(500) %}{% set x = {a: many} %}{% endfor %}",
    "{% for a in range(500) %}{% set x = '%s' | format(long) %}{% endfor %}",
    "{% for a in range(500) %}{% set x = many | last | default(long | trim) %}{% endfor %}",
    "{{ long[:5000] | list | map(attribute='" + "0." * 9000 + "0') | join }}",
    "{% for a in range(500) %}{% set x = long[::2] %}{% endfor %}",
    "{% for a in range(500) %}{% set x = long == pieces %}{% endfor %}",
    "{% for a in range(500) %}{% set x = long is eq pieces %}{% endfor %}",
    "{% for a in range(500) %}{% set x = (long, a) %}{% endfor %}",
    "{% for a in range(500) %}{% set x = long ~ a %}{% endfor %}",
    "{% for a in range(500) %}{% set x = long | upper %}{% endfor %}",
    "{% for a in many recursive %}{{ long }}{% endfor %}",
    "{% for a in many %}{{ long[:50000] }}{% endfor %}",
    "{% for a in many %}" + "{% set x = a + 1 - 1 %}" * 400 + "{% endfor %}",
    "{% for a in 'ab' %}" * 18 + "{{ '' }}" + "{% endfor %}" * 18,
    "{% set x = 'xx' %}" + "{% set x = x ~ x %}" * 60 + "{{ x | length }}",
    "{% set x = [1] %}" + "{% set x = [x, x] %}" * 60 + "{{ x }}",
    "{% set x = (1,) %}" + "{% set x = (x, x) %}" * 60 + "{{ x == x }}",
    "{% set x = {} %}" + "{% set x = {'a': x, 'b': x} %}" * 60 + "{{ x }}",
    "{% set x = [1] %}"
    + "{% set x = range(2) | map(attribute='q', default=x) | list %}" * 60
    + "{{ x }}",
    "{% set x = 3 %}" + "{% set x = x * x %}" * 60 + "{{ x > 1 }}",
    "{{ " + "(" * 9000 + "1" + ")" * 9000 + " }}",
    "{{ " + "-" * 19_000 + "1 }}",
    "{{ " + "9" * 19_000 + " }}",
    "{% if name %}" * 900 + "{% endif %}" * 900,
    "{% for a in rows %}" * 400 + "{% endfor %}" * 400,
    "{{ name" + " | upper" * 2000 + " }}",
    ("{{ name" + ".a" * 180 + " }}") * 50,
    ("{{ " + "-" * 90 + "count }}") * 200,
    "{{ [" + "1," * 6000 + "] }}",
    "{{ many }}",
    "{{ long }}{{ name }}",
]


@pytest.mark.parametrize("source", HOSTILE, ids=lambda source: source[:60])
def test_a_template_that_would_eat_time_or_memory_is_refused(source: str) -> None:
    with little_memory():
        refusal(source)


def test_a_thousand_rows_are_no_strain() -> None:
    rows = [{"name": f"Product {number}", "price": number / 7} for number in range(1000)]
    source = (
        "{% for row in rows %}{{ loop.index }}. {{ row.name | upper }}: "
        "{{ '%.2f' | format(row.price) }}{% if row.price > 100 %} (!){% endif %}\n{% endfor %}"
    )
    assert render.render(source, {"rows": rows}).count("\n") == 1000


@pytest.mark.parametrize("statements", [1, 10, 100, 1000])
def test_a_loop_may_turn_the_less_often_the_more_stands_in_it(statements: int) -> None:
    source = "{% for a in many %}" + "{% set x = 1 %}" * statements + "{% endfor %}"
    steps = render.BUDGET // render.STEP
    fits, too_many = steps // (4 * statements + 10), steps // (2 * statements)
    assert render.render(source, {"many": range(fits)}) == ""
    assert "too much work" in str(refusal(source, {"many": range(too_many)}))


def test_an_expression_may_nest_30_deep_and_no_more() -> None:
    render.check("{{ " + "-" * 27 + "1 }}")
    with pytest.raises(Invalid, match="simpler") as caught:
        render.check("{{ " + "-" * 28 + "1 }}")
    assert caught.value.problem is Problem.TOO_LONG


def test_a_template_may_have_20000_characters_and_no_more() -> None:
    render.check("x" * 20_000)
    with pytest.raises(Invalid, match="20000") as caught:
        render.check("x" * 20_001)
    assert caught.value.problem is Problem.TOO_LONG


def test_a_text_may_have_100000_characters_and_no_more() -> None:
    assert len(render.render("{{ long }}", {"long": "x" * 100_000})) == 100_000
    assert refusal("{{ long }}x").problem is Problem.TOO_LONG
    assert refusal("{{ long }}", {"long": "x" * 100_001}).problem is Problem.TOO_LONG
