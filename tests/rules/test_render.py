import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Invalid, Problem
from rules import render

ROWS = [{"name": "Ann", "age": 31, "done": True}, {"name": "Bob", "age": 27, "done": False}]
CONTEXT = {
    "name": "Ann",
    "count": 3,
    "price": 10.5,
    "nothing": None,
    "rows": ROWS,
    "order": {"items": ["tea", "jam"], "get": "express"},
    "long": "x" * 100_000,
    "many": list(range(20_000)),
    "pieces": "ab " * 30_000,
}
LANGUAGE = (
    "{{ }} {% %} {# #} {%- -%} for in if elif else endif endfor set endset with endwith not and or "
    "is defined none range loop loop.last loop.length loop.cycle recursive macro endmacro call "
    "endcall include import extends block endblock filter endfilter raw endraw autoescape self "
    "super namespace cycler lipsum dict name count price nothing rows order order.items long many "
    "row row.name x y missing ( ) [ ] { } , : . | ~ + - * / // % ** == != < > = 0 1 2 -1 1.5 1e400 "
    "999999999999 'a' '' '%d' '%99d' '{:99}' '\\ud800' upper lower title trim join replace indent "
    "truncate round abs int float sum sort map select selectattr reject list first last length "
    "default unique min max items reverse format urlencode __class__ attribute='name' start=[]"
).split(" ")


def refusal(source, context=CONTEXT):
    with pytest.raises(Invalid) as caught:
        render.render(source, context)
    return caught.value


def renders_or_refuses(source):
    try:
        text = render.render(source, CONTEXT)
    except Invalid as error:
        assert str(error)
        return
    assert len(text) <= render.OUTPUT_LIMIT
    text.encode()


@given(st.text())
def test_any_text_renders_or_is_refused(source):
    renders_or_refuses(source)


@settings(max_examples=400)
@given(st.lists(st.sampled_from(LANGUAGE) | st.text(max_size=3), max_size=25).map(" ".join))
def test_any_words_of_the_language_render_or_are_refused(source):
    renders_or_refuses(source)


VALUES = st.sampled_from(
    "name count price nothing rows order long many pieces missing x 0 1 -1 1.5 1e400 99999999 'a' '' "
    "'%d' '%99d%s' [] [1] {} {'a':1} (1,2) range(9) range(99999) loop range self".split()
)
FILTERS = st.sampled_from(
    "default length count first last abs capitalize float format indent int items join list lower "
    "max min reverse round select reject sort sum title trim truncate unique upper urlencode "
    "map('upper') map(attribute='name') selectattr('done') selectattr('age','gt',30) "
    "round(9,'ceil') indent(9) trim('a')".split()
)
OPERATORS = st.sampled_from("+ - * / // % ~ == != < >= in and or".split() + ["not in"])
TESTS = st.sampled_from("defined undefined none string number mapping sequence odd even".split())


def compound(inner):
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
        st.builds("{{% for x in {} %}}{}{{% else %}}{}{{% endfor %}}".format, EXPRESSIONS, inner, inner),
        st.builds("{{% for x in {} if {} %}}{}{{% endfor %}}".format, EXPRESSIONS, EXPRESSIONS, inner),
        st.builds("{{% if {} %}}{}{{% else %}}{}{{% endif %}}".format, EXPRESSIONS, inner, inner),
        st.builds("{{% set x = {} %}}{}".format, EXPRESSIONS, inner),
        st.builds("{{% with x = {} %}}{}{{% endwith %}}".format, EXPRESSIONS, inner),
        st.builds("{}{}".format, inner, inner),
    ),
    max_leaves=6,
)


@settings(max_examples=400)
@given(STATEMENTS)
def test_any_sentence_of_the_language_renders_or_is_refused(source):
    renders_or_refuses(source)


@given(st.text(st.characters(exclude_characters="{\r", exclude_categories=["Cs"])))
def test_text_without_braces_renders_to_itself(source):
    assert render.render(source, {}) == source


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=100))
def test_a_value_is_never_read_as_a_template_or_escaped(value):
    assert render.render("<{{ name }}>", {"name": value}) == f"<{value}>"
    assert render.render("<{{ '{{ name }}' }}{{ name }}>", {"name": value}) == f"<{{{{ name }}}}{value}>"


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
        ("{% for n in range(3) %}{{ n }}{% endfor %}", "012"),
    ],
)  # fmt: skip
def test_the_language_is_enough_for_a_notification(source, text):
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
def test_a_value_that_is_missing_is_named(source, named):
    assert named in str(refusal(source))


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("a\nb\n{{ name", "line 3: "),
        ("a\n{% if %}", "line 2: "),
        ("{% endfor %}", "line 1: "),
        ("a\n{{ name | nonsense }}", "line 2: there is no filter `nonsense`"),
        ("a\n{{ name is nonsense }}", "line 2: there is no test `nonsense`"),
        ("a\n{% include 'x' %}", "line 2: there is no `include` here"),
        ("{% macro m() %}{% endmacro %}", "line 1: there is no `macro` here"),
        ("{% block b %}{% endblock %}", "line 1: there is no `block` here"),
        ("{% set x %}{{ name }}{% endset %}", "line 1: there is no `assignblock` here"),
        ("\n\n{{ 10 ** 10 ** 10 }}", "line 3: there is no `pow` here"),
        ("\n{{ name.upper() }}", "line 2: there is no `call` here"),
    ],
)
def test_a_mistake_is_found_before_any_rendering_and_its_line_told(source, line):
    with pytest.raises(Invalid) as caught:
        render.check(source)
    assert str(caught.value).startswith(line)


@pytest.mark.parametrize(
    "source",
    ["{{ 1 / 0 }}", "{{ 1 % 0 }}", "{{ name + 1 }}", "{{ name * 2 }}", "{{ rows + rows }}"]
    + ["{{ rows < 1 }}", "{{ {}[[]] }}", "{{ rows | sort }}", "{{ name | round }}", "{{ name[::0] }}"]
    + ["{% for a, b in rows %}{{ a.x }}{% endfor %}{{ 1 | join }}", "{{ '%d' | format('x') }}"]
    + ["{{ range(1, 2, 0) }}", "{{ 1e400 | int + 1 // 0 }}", "{{ '\\ud800' }}", "{{ name | indent({}) }}"],
)
def test_a_template_that_fails_while_it_renders_is_refused(source):
    render.check(source)
    refusal(source)


@pytest.mark.parametrize(
    "source",
    ["{{ ''.__class__ }}", "{{ name['__class__'] }}", "{{ name | attr('__class__') }}"]
    + ["{{ self.__init__ }}", "{{ [name] | map(attribute='__class__') | list }}", "{{ range.__doc__ }}"]
    + ["{{ rows | map(attribute='__class__.__mro__') | list }}", "{{ name.upper }}", "{{ rows.append }}"]
    + ["{{ [name] | sort(attribute='__class__') }}", "{{ [name] | join(attribute='__class__') }}"]
    + ["{% set f = range %}{{ f(1) }}", "{{ rows.append(1) }}", "{{ '{0.__class__}'.format(name) }}"]
    + ["{{ '%(a)s' | format(a=1) }}", "{{ loop }}", "{{ lipsum }}", "{{ namespace }}", "{{ dict }}"],
)
def test_nothing_but_data_can_be_reached(source):
    refusal(source)


def test_the_context_may_not_lend_its_functions():
    assert "safely callable" in str(refusal("{{ range(3) }}", {"range": lambda count: count}))


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
    "{{ rows | map(attribute='" + "a." * 9000 + "') | list }}" + "{{ many | map(attribute='a.b.c') }}",
    "{{ many | sum(start=[]) }}",
    "{{ many" + " | map('abs')" * 200 + " | list }}",
    "{{ many" + " | select" * 200 + " | list }}",
    "{% for a in many %}{% for b in many %}{% for c in many %}{% endfor %}{% endfor %}{% endfor %}",
    "{% for a in many %}{% for b in many if b < 0 %}{% endfor %}{% endfor %}",
    "{% for a in many %}{% if loop.length and a in many %}{% endif %}{% endfor %}",
    "{% for a in many %}{% set x = long[::2] %}{% endfor %}",
    "{% for a in many %}{% set x = long == pieces %}{% endfor %}",
    "{% for a in many %}{% set x = long is eq pieces %}{% endfor %}",
    "{% for a in many %}{% set x = (long, a) %}{% endfor %}",
    "{% for a in many %}{% set x = long ~ a %}{% endfor %}",
    "{% for a in many %}{% set x = long | upper %}{% endfor %}",
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
    "{{ many }}",
    "{{ long }}{{ name }}",
]


@pytest.mark.parametrize("source", HOSTILE, ids=lambda source: source[:60])
def test_a_template_that_would_eat_time_or_memory_is_refused(source):
    tracemalloc.start()
    try:
        refusal(source)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 50_000_000


def test_a_thousand_rows_are_no_strain():
    rows = [{"name": f"Product {number}", "price": number / 7} for number in range(1000)]
    source = (
        "{% for row in rows %}{{ loop.index }}. {{ row.name | upper }}: "
        "{{ '%.2f' | format(row.price) }}{% if row.price > 100 %} (!){% endif %}\n{% endfor %}"
    )
    assert render.render(source, {"rows": rows}).count("\n") == 1000


@pytest.mark.parametrize("statements", [1, 10, 100, 1000])
def test_a_loop_may_turn_the_less_often_the_more_stands_in_it(statements):
    source = "{% for a in many %}" + "{% set x = 1 %}" * statements + "{% endfor %}"
    steps = render.BUDGET // render.STEP
    fits, too_many = steps // (4 * statements + 10), steps // (2 * statements)
    assert render.render(source, {"many": range(fits)}) == ""
    assert "too much work" in str(refusal(source, {"many": range(too_many)}))


def test_a_template_may_have_20000_characters_and_no_more():
    render.check("x" * 20_000)
    with pytest.raises(Invalid, match="20000") as caught:
        render.check("x" * 20_001)
    assert caught.value.problem is Problem.TOO_LONG


def test_a_text_may_have_100000_characters_and_no_more():
    assert len(render.render("{{ long }}", {"long": "x" * 100_000})) == 100_000
    assert refusal("{{ long }}x").problem is Problem.TOO_LONG
    assert refusal("{{ long }}", {"long": "x" * 100_001}).problem is Problem.TOO_LONG


def test_a_context_whose_names_are_no_texts_is_refused():
    refusal("{{ name }}", {1: 2})


def test_the_variables_are_the_names_taken_from_the_context():
    source = (
        "{{ name }}{% if missing is defined %}{{ a.b }}{% endif %}{% set c = d %}{{ c }}"
        "{% for e in f if e in g %}{{ loop.index ~ h[i:] }}{% endfor %}{% with j = k %}{{ j }}"
        "{% endwith %}{{ range(l) }}{{ {m: [n]} }}{# o #}{{ 'p' }}"
    )
    assert render.variables(source) == {"name", "missing", "a"} | set("dfghiklmn")


@given(st.sets(st.sampled_from("abcdef"), min_size=1))
def test_a_template_renders_when_it_has_its_variables_and_not_without_one(names):
    source = "".join(f"{{{{ {name} }}}}" for name in sorted(names))
    needed = render.variables(source)
    assert render.render(source, dict.fromkeys(needed, "x")) == "x" * len(names)
    for name in needed:
        assert f"'{name}'" in str(refusal(source, dict.fromkeys(needed - {name}, "x")))


def test_the_variables_of_what_is_no_template_are_refused():
    with pytest.raises(Invalid):
        render.variables("{{ name")


def test_one_render_leaves_nothing_to_the_next():
    assert render.render("{% set x = name %}{{ x }}", {"name": "Ann"}) == "Ann"
    refusal("{{ x }}", {})
    assert render.render("{% set x = name %}{{ x }}", {"name": "Bob"}) == "Bob"
