from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.template import check, fill
from rules.variable import Type
from tests.rules.test_template import contents


class Reader(HTMLParser):
    """Says what stands in a page: every tag, and the texts in one."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.text += data


VALUES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=60)
HOSTILE = st.lists(
    st.sampled_from([*"<>&'\"/=; ", "script", "<img src=x onerror=y>", "&lt;", "--", "]]>", "{{"])
).map("".join)


@settings(deadline=None)
@given(VALUES | HOSTILE)
def test_no_value_becomes_markup(value: str) -> None:
    html = (
        "<p title=\"{{ it }}\" lang='{{ it }}'>{{ it }}</p>{{ it | upper | lower }}{{ [it] | join }}"
        "{{ it ~ '<b>' }}{{ '%s' | format(it) }}{{ it | replace('a', '<i>') }}{{ {'a': it} }}"
        "{% for each in [it] %}{{ each }}{% endfor %}{% set x = it %}{{ x }}{{ it | default('<u>') }}"
    )
    filled = fill(contents(html=html, it=Type.TEXT), None, {"it": value}).html
    assert filled.count("<") == 2, "only those of the template itself"
    page = Reader(filled)
    assert page.tags == [("p", [("title", value), ("lang", value)])]
    assert page.text.startswith(value)


@pytest.mark.parametrize(
    "name", ["safe", "escape", "e", "forceescape", "tojson", "striptags", "xmlattr"]
)
def test_no_filter_leads_around_the_escaping(name: str) -> None:
    (flaw,) = check(contents(html=f"{{{{ it | {name} }}}}", it=Type.TEXT))
    assert flaw.message == f"there is no filter `{name}`"
    assert (flaw.part, flaw.line, flaw.column) == ("html", 1, 9)
