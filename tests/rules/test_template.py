from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Problem
from rules import template
from rules.template import UNSUBSCRIBE, Flaw, Flawed, Variant, Words, check, fill, linked
from rules.variable import MOST_UNKNOWN, Type, Variable


@dataclass
class Contents:
    variants: dict[str, Variant]
    variables: list[Variable] = field(default_factory=lambda: [Variable("name")])
    default_locale: str = "en"


def contents(subject: str = "S", text: str = "", html: str = "", **said: Type) -> Contents:
    """A template with one variant, its variables by keyword."""
    declared = [Variable(name, type_) for name, type_ in said.items()]
    return Contents({"en": Variant(subject, text, html)}, declared)


def flaws(template: Contents, context: object, locale: str | None = None) -> tuple[Flaw, ...]:
    with pytest.raises(Flawed) as caught:
        fill(template, locale, context)
    return caught.value.flaws


GREETING = Contents(
    {
        "en": Variant("Hello {{ name }}", "Hi {{ name }}", "<p>Hi {{ name }}</p>"),
        "de": Variant("Hallo {{ name }}", "Hallo {{ name }}"),
        "de-AT": Variant("Servus {{ name }}", "Servus"),
    }
)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("en", Words("en", "Hello Ann", "Hi Ann", "<p>Hi Ann</p>")),
        ("de-AT", Words("de-AT", "Servus Ann", "Servus")),
        ("de-CH", Words("de", "Hallo Ann", "Hallo Ann")),
        ("fr", Words("en", "Hello Ann", "Hi Ann", "<p>Hi Ann</p>")),
        (None, Words("en", "Hello Ann", "Hi Ann", "<p>Hi Ann</p>")),
    ],
)
def test_the_nearest_locale_is_filled(wanted: str | None, words: Words) -> None:
    assert fill(GREETING, wanted, {"name": "Ann"}) == words


def test_a_missing_variable_is_named_before_anything_is_filled() -> None:
    (flaw,) = flaws(GREETING, {})
    assert (flaw.part, flaw.variable) == ("context", "name")
    assert "`name` is missing" in flaw.message


def test_texts_and_subjects_are_not_escaped() -> None:
    words = fill(contents("<{{ it }}>", "<{{ it }}>", it=Type.TEXT), None, {"it": "&"})
    assert (words.subject, words.text) == ("<&>", "<&>")


def test_a_text_is_made_of_the_html_where_there_is_none() -> None:
    html = "<h1>Hello {{ it }}</h1><p>Look at <a href='https://a.example/?a=1&amp;b=2'>this</a>"
    words = fill(contents(html=html, it=Type.TEXT), None, {"it": "<Ann & Bob>"})
    assert words.text == "Hello <Ann & Bob>\n\nLook at this (https://a.example/?a=1&b=2)"
    assert fill(contents("Seen", html="<img src=x>"), None, {}).text == "Seen"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_a_subject_is_one_line(value: str) -> None:
    subject = fill(contents("- {{ it }}", "x", it=Type.TEXT), None, {"it": value}).subject
    assert len(subject.splitlines()) == 1 and "\0" not in subject and subject == subject.strip()


def test_a_subject_or_text_that_comes_out_empty_or_too_long_is_refused() -> None:
    empty = flaws(contents("{{ it }}", "{{ it }}", it=Type.TEXT), {"it": " \n"})
    assert [(flaw.part, flaw.code) for flaw in empty] == [
        ("subject", Problem.BLANK),
        ("text", Problem.BLANK),
    ]
    (long,) = flaws(contents("{{ it }}", "x", it=Type.TEXT), {"it": "x" * 201})
    assert (long.part, long.code) == ("subject", Problem.TOO_LONG)


def test_what_fails_while_it_is_filled_has_its_place() -> None:
    (flaw,) = flaws(contents("S", "one\n  {{ it.colour }}", it=Type.OBJECT), {"it": {}})
    assert (flaw.part, flaw.locale, flaw.line, flaw.column) == ("text", "en", 2, 9)
    assert str(flaw).startswith("line 2, column 9: ")


def test_the_unsubscribe_address_needs_no_declaration_and_is_put_in_later() -> None:
    html = "<a href='{{ unsubscribeUrl }}'>Leave</a>"
    said = contents("S", "{% if unsubscribeUrl %}Leave: {{ unsubscribeUrl }}{% endif %}", html)
    assert check(said) == []
    words = fill(said, None, {})
    assert words.text == f"Leave: {UNSUBSCRIBE}"
    assert linked(words.text, "https://a.example/?a&b") == "Leave: https://a.example/?a&b"
    assert "href='https://a.example/?a&amp;b'" in linked(
        words.html, "https://a.example/?a&b", html=True
    )
    assert linked(words.text, "") == "Leave: "
    assert UNSUBSCRIBE in fill(contents(html=html), None, {}).text


@pytest.mark.parametrize(
    "source",
    [
        "{{ unsubscribeUrl | upper }}",
        "{{ unsubscribeUrl ~ 'x' }}",
        "{% set x = unsubscribeUrl %}{{ x[:3] }}",
        "{{ unsubscribeUrl[1:] }}",
        "{{ 'x' if unsubscribeUrl == 'y' }}",
    ],
)
def test_the_unsubscribe_address_may_not_be_altered_lest_it_be_missed(source: str) -> None:
    (flaw,) = check(contents("S", source))
    assert flaw.variable == "unsubscribeUrl" and "no filter" in flaw.message


def test_the_subject_has_no_unsubscribe_address() -> None:
    (flaw,) = check(contents("{{ unsubscribeUrl }}", "x"))
    assert (flaw.part, flaw.line, flaw.column) == ("subject", 1, 4)


def test_undeclared_variables_are_told_with_their_place_and_what_was_meant() -> None:
    said = contents("Hello {{ nmae }}", "one\n{% if nothing %}{% endif %}", name=Type.TEXT)
    found = [(flaw.part, flaw.line, flaw.column, flaw.variable, str(flaw)) for flaw in check(said)]
    assert found == [
        ("subject", 1, 10, "nmae", "line 1, column 10: `nmae` is not declared; did you mean `name`?"),
        ("text", 2, 7, "nothing", "line 2, column 7: `nothing` is not declared; add it to the variables"),
    ]  # fmt: skip


def test_each_variant_is_checked_and_the_flaw_says_which() -> None:
    said = Contents({"en": Variant("S", "x"), "de": Variant("S", "{{ x")})
    assert [(flaw.locale, flaw.part, flaw.line) for flaw in check(said)] == [("de", "text", 1)]


def test_a_variant_has_a_subject_and_a_text_or_html() -> None:
    assert [flaw.part for flaw in check(contents(" ", " ", "\n"))] == ["subject", "text"]
    assert check(contents("S", html="x")) == []


def test_there_is_a_variant_for_the_default_locale() -> None:
    (flaw,) = check(Contents({"de": Variant("S", "x")}))
    assert flaw.part == "defaultLocale"


def test_templates_are_bounded() -> None:
    many = {f"a{a}{b}": Variant("S", "x") for a in "bcdefghi" for b in "bcdefgh"}
    variables = [Variable(f"v{number}") for number in range(101)]
    found = check(Contents({"en": Variant("S" * 1_001, "x"), **many}, variables))
    assert [flaw.part for flaw in found] == ["variants", "variables", "subject"]
    large = {each: Variant("S", html="x" * 90_000) for each in ["en", "de", "fr", "it", "es", "pt"]}
    (flaw,) = check(Contents(large))
    assert (flaw.part, flaw.code) == ("variants", Problem.TOO_LONG)
    (flaw,) = check(contents(html="x" * 100_001))
    assert (flaw.part, flaw.code) == ("html", Problem.TOO_LONG)


SOURCES = st.lists(
    st.sampled_from(
        [
            *("{{ it }}", "{{ it.a }}", "{{ it[0] }}", "{{ it + 1 }}", "{{ other }}", "{{", "%}"),
            *(
                "{% for x in it %}{{ x }}{% endfor %}",
                "{% if it %}",
                "{% endif %}",
                "<p>",
                "&",
                " ",
            ),
            *(
                "{{ unsubscribeUrl }}",
                "<!",
                "<a href='",
                "'>",
                "</a>",
                "\n",
                "\0",
                "{{ '\\ud800' }}",
            ),
        ]
    ),
    max_size=6,
).map("".join)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@settings(deadline=None)
@given(
    SOURCES,
    SOURCES,
    SOURCES,
    st.sampled_from(Type),
    st.dictionaries(st.sampled_from(["it", "other", "unsubscribeUrl"]), JSON) | JSON,
    st.none() | st.text(max_size=10),
)
def test_filling_gives_words_or_says_what_is_wrong_and_nothing_else(
    subject: str, text: str, html: str, type_: Type, context: object, locale: str | None
) -> None:
    said = contents(subject, text, html, it=type_)
    try:
        words = fill(said, locale, context)
    except Flawed as error:
        flaws = error.flaws
        assert flaws and all(flaw.message for flaw in flaws)
    else:
        assert words.subject and words.text.strip()
        assert len(words.subject) <= template.LONGEST_SUBJECT
    for flaw in check(said):
        assert flaw.part in {"subject", "text", "html"}


def test_of_a_thousand_mistakes_the_first_are_told() -> None:
    # Each takes milliseconds to tell: this would go on for minutes.
    names = [f"variable_number_{number:04d}_with_a_long_name_{'a' * 20}" for number in range(1_500)]
    declared = [Variable(name) for name in names[:100]]
    html = "".join(f"{{{{ {name}x }}}}" for name in names)
    found = check(Contents({"en": Variant("S", "", html)}, declared))
    assert len(found) == template.MOST_FLAWS
    assert all(flaw.line == 1 and flaw.column for flaw in found)


def test_of_a_thousand_names_too_many_in_a_context_some_are_told() -> None:
    context = {"name": "Ann"} | {f"name{number}": 1 for number in range(10_000)}
    *told, last = flaws(GREETING, context)
    assert {flaw.variable for flaw in told} <= context.keys()
    assert len(told) == MOST_UNKNOWN
    assert "10,000 names" in last.message


def test_html_with_a_number_of_no_character_is_filled() -> None:
    assert "&#1111" in fill(contents(html=f"&#{'1' * 5_000};"), None, {}).text
