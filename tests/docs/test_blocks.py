"""Every block of code in the documentation is in a language that is checked, and is well-formed."""

import re
from pathlib import Path

import crossplane
import pytest
import yaml

from core.settings import load
from tests.docs import absent, blocks
from tests.docs.blocks import Block

RUN = {
    "env": "here",
    "graphql": "graph/test_docs.py",
    "js": "where test_programs.py says",
    "json": "graph/test_docs.py and graph/test_docs_json.py",
    "python": "where test_programs.py says",
    "sh": "journeys/test_pages.py, and what that names",
    "sh tour": "test_readme.py",
    "text output": "what the command above says: graph/test_docs.py",
}
"""Where blocks are run, by what follows their fence; all others are in absent.py, with the reason."""

_NAME = re.compile(r"^([A-Z][A-Z0-9_]*)=", re.MULTILINE)
_TARGET = re.compile(r"[a-z0-9-]+:\d+")
_DIAGRAM = re.compile(r"(flowchart (LR|TB)|stateDiagram-v2|sequenceDiagram|erDiagram)\n")


def in_language(*languages: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("block", blocks.of(*languages), ids=str)


def test_every_block_is_run_or_its_absence_has_a_reason() -> None:
    assert blocks.EVERY
    undecided = [str(it) for it in blocks.EVERY if it.info not in RUN.keys() | absent.BLOCKS.keys()]
    assert undecided == []


def test_nothing_is_absent_but_where_that_is_said() -> None:
    said = absent.COMMANDS | absent.BLOCKS
    assert absent.found() == {kind: set(it.pages) for kind, it in said.items()}
    assert all(it.why for it in said.values())


def test_every_output_is_that_of_a_command_above() -> None:
    outputs = {said for asked, said in blocks.pairs() if asked.language == "sh"}
    assert [str(it) for it in blocks.EVERY if it.info == "text output" and it not in outputs] == []


@in_language("env")
def test_settings_are_settings_with_values_that_they_take(block: Block, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(block.text.replace("=...", f"={'0' * 64}"))
    named = {name.lower() for name in _NAME.findall(block.text)}
    assert named <= load(_env_file=file).model_fields_set


@in_language("yaml")
def test_prometheus_would_take_it(block: Block) -> None:
    told = yaml.safe_load(block.text)
    assert told.keys() <= {"scrape_configs", "rule_files"}
    for job in told["scrape_configs"]:
        assert job.keys() == {"job_name", "scrape_interval", "static_configs"}
        for config in job["static_configs"]:
            assert all(_TARGET.fullmatch(target) for target in config["targets"])


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
