"""Every block of code in the documentation is in a language that is checked, and is well-formed."""

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import crossplane
import pytest
import yaml

from core.settings import Settings, load
from tests.docs import blocks
from tests.docs.blocks import Block

CHECKED = {
    "env": "here",
    "graphql": "tests/graph/test_docs.py",
    "html": "test_programs.py",
    "js": "test_programs.py",
    "json": "here",
    "mermaid": "here",
    "nginx": "here",
    "python": "test_programs.py",
    "sh": "test_commands.py",
    "text": "`text output`, what a command says: tests/graph/test_docs.py",
    "toml": "here",
    "ts": "test_programs.py",
    "tsx": "test_programs.py",
    "yaml": "here",
}
"""Whoever writes in another language says how it is checked."""
FOR_SHOW = {"docs/graphql.md", "docs/preferences.md"}
"""Pages with a `text` of what passes over a wire, which their own tests know."""

_SETTING = re.compile(r"(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>\S*)( +#.*)?")
_DIAGRAM = re.compile(r"(flowchart (LR|TB)|stateDiagram-v2|sequenceDiagram|erDiagram)\n")


def in_language(*languages: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("block", blocks.of(*languages), ids=str)


def test_every_block_says_its_language_which_is_one_that_is_checked() -> None:
    assert blocks.EVERY
    assert [str(block) for block in blocks.EVERY if block.language not in CHECKED] == []


def test_every_text_is_the_output_of_a_command_above() -> None:
    outputs = {said for asked, said in blocks.pairs() if asked.language == "sh"}
    for block in blocks.of("text"):
        assert block.page in FOR_SHOW or (block.info == "text output" and block in outputs), block


@in_language("json", "toml", "yaml")
def test_it_is_what_it_says(block: Block) -> None:
    parsers: dict[str, Callable[[str], object]] = {
        "json": json.loads,
        "toml": tomllib.loads,
        "yaml": lambda text: list(yaml.safe_load_all(text)),
    }
    assert parsers[block.language](block.text)


@in_language("env")
def test_settings_are_settings_with_values_that_they_take(block: Block) -> None:
    found = [_SETTING.fullmatch(line) for line in block.text.splitlines() if line]
    given = {match["name"].lower(): match["value"] for match in found if match}
    assert None not in found
    assert given.keys() <= Settings.model_fields.keys()
    load(_env_file=None, **{name: value for name, value in given.items() if value != "..."})


@in_language("nginx")
def test_nginx_would_take_it(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "nginx.conf"
    file.write_text(f"events {{}}\nhttp {{\n{block.text}}}\n")
    # It takes what is in a map for directives, and `http2 on` came after it.
    said = crossplane.parse(str(file), strict=True, ignore=["http2", "default", ""])
    assert said["status"] == "ok", said["errors"]


@in_language("mermaid")
def test_diagrams_are_diagrams(block: Block) -> None:
    assert _DIAGRAM.match(block.text)
    for opening, closing in ("[]", "()", "{}"):
        assert block.text.count(opening) == block.text.count(closing)
    assert block.text.count('"') % 2 == 0
