"""Pages are found, lead where they say, and use the words of the code."""

import re
from functools import cache
from pathlib import Path

import pytest

from rules.message import FINAL, OPEN, TRANSITIONS, Status, closed
from tests.docs import blocks
from tests.docs.blocks import PAGES, ROOT

DOCS = ROOT / "docs"
INDEXES = (DOCS / "README.md", ROOT / "README.md")

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@cache
def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^ *(`{3,}).*?^ *\1", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)


@cache
def anchors(page: Path) -> set[str]:
    """What links may name of a page, by GitHub's rule."""
    headings = re.findall(r"^#+ +(.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


@each_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for path, _, anchor in re.findall(r"\]\((?!\w+:)([^)#]*)(#([^)]*))?\)", prose(page)):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), f"{path}#{anchor}"


def test_every_page_is_in_an_index() -> None:
    links = re.compile(r"\]\((?:docs/)?([\w-]+\.md)[)#]")
    listed = {name for page in INDEXES for name in links.findall(page.read_text())}
    assert {page.name for page in DOCS.glob("*.md")} - {"README.md"} - listed == set()


def test_the_states_of_a_message_are_drawn_as_they_are() -> None:
    (drawing,) = (it.text for it in blocks.of("mermaid") if it.text.startswith("stateDiagram"))
    drawn = set(re.findall(r"^  (\w+) --> (\w+)$", drawing, re.MULTILINE))
    steps = {
        (before, after if after in OPEN or after is Status.SENT else closed(after, maybe))
        for sources, after in TRANSITIONS.values()
        for before in sources
        for maybe in (False, True)
    }
    assert drawn == {(before.name, after.name) for before, after in steps}
    assert {name for edge in drawn for name in edge} == {status.name for status in OPEN | FINAL}
