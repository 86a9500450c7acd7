"""docs/limits.md says what is so."""

import re
from pathlib import Path

from core.settings import Settings, load
from graph.limits import LONGEST_DOCUMENT, MOST_INTROSPECTION, MOST_TOKENS
from graph.paging import LARGEST_PAGE, MOST_CHOICES
from graph.prepared import prepare
from graph.schema import schema
from graph.variables import LONGEST_TEXT, MOST_INPUTS, MOST_ITEMS, MOST_JSON

PAGE = (Path(__file__).parents[2] / "docs" / "limits.md").read_text("utf-8")
ROWS = re.findall(r"^\| (.+?) \| (.+?) \| (?:`([A-Z_]+)`)? ?\|", PAGE, re.MULTILINE)


def test_the_defaults_in_the_table_are_those_of_the_settings() -> None:
    settings = load(_env_file=None)
    shown = {name: default for _, default, name in ROWS if name}
    assert {"MAX_DEPTH", "MAX_COST", "RATE_LIMIT_PER_MINUTE"} < set(shown)
    assert set(shown) <= {name.upper() for name in Settings.model_fields}
    for name, default in shown.items():
        value = getattr(settings, name.lower())
        if not isinstance(value, bool | str):
            assert default.removesuffix(" s").replace(",", "") == f"{value:g}".replace("+", ""), (
                name
            )


def test_the_limits_without_a_setting_are_those_of_the_code() -> None:
    shown = {default for _, default, name in ROWS if not name}
    numbers = {LONGEST_DOCUMENT, MOST_TOKENS, MOST_INTROSPECTION, LARGEST_PAGE, MOST_CHOICES}
    numbers |= {MOST_INPUTS, MOST_ITEMS, MOST_JSON, LONGEST_TEXT}
    assert {f"{number:,}" for number in numbers} < shown


def test_the_example_costs_what_is_said() -> None:
    (text,) = re.findall(r"```graphql\n(.*?)```", PAGE, re.DOTALL)
    prepared = prepare(schema._schema, text, load(_env_file=None), suggest=True)
    said = re.search(r"# (\d+)\s*$", text)
    assert said
    assert prepared.cost(None, {"n": 50}) == int(said[1])
