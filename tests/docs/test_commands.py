"""Every command in the documentation is one that there is."""

import re
import subprocess
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.routing import BaseRoute, Match
from typer.core import TyperGroup
from typer.main import get_command

import belfry
from core.settings import load
from graph.app import create_app
from tests import kustomize
from tests.docs import blocks, shell
from tests.docs.blocks import ROOT, Block

BUILTIN = {"cd", "echo", "export", "kill", "set", "wait"}
UNIX = {
    "cat",
    "cp",
    "curl",
    "grep",
    "gzip",
    "head",
    "mkdir",
    "openssl",
    "sed",
    "sleep",
    "tail",
    "tar",
    "tee",
    "umask",
}
TOOLS = {
    "docker",
    "git",
    "jq",
    "kubectl",
    "mongodump",
    "mongorestore",
    "mongosh",
    "pip",
    "promtool",
    "python",
}
OURS = re.compile(r"https?://(127\.0\.0\.1:8000|belfry\.example\.com)/")

FILE = re.compile(r"\w+\.(csv|json|ndjson|toml)")

OBJECT = re.compile(r"(cronjob|deployment|job|secret)/[a-z-]+")

each_script = pytest.mark.parametrize("block", blocks.of("sh"), ids=str)


@each_script
def test_bash_can_read_it(block: Block) -> None:
    read = subprocess.run(
        ["bash", "-n"], input=block.text, capture_output=True, text=True, check=False
    )
    assert (read.returncode, read.stderr) == (0, "")


@each_script
def test_every_command_is_one_that_there_is(
    block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    own = shell.functions(block.text) | {"gq"}  # the README's tour defines it for all its blocks
    for name, *arguments in shell.commands(block.text):
        match Path(name).name:
            case "belfry":
                for file in filter(FILE.fullmatch, arguments):
                    Path(file).touch()
                understood(arguments)
            case "make":
                assert targets() >= {each for each in arguments if "=" not in each}
            case "kubectl":
                in_kubernetes(arguments, block)
            case other:
                assert other in own | BUILTIN | UNIX | TOOLS | {"gql-cli"}, (
                    f"{other}: is there such a command? Then name it in this test"
                )


@each_script
def test_every_address_of_the_api_leads_somewhere(block: Block) -> None:
    for _, *arguments in shell.commands(block.text):
        for address in filter(OURS.match, arguments):
            scope = {"type": "http", "method": "GET", "path": urlsplit(address).path}
            matches = [route.matches(scope)[0] for route in routes()]
            assert set(matches) > {Match.NONE}, address


def understood(arguments: list[str]) -> None:
    """Fail unless the command line takes them."""
    command, rest = command_line(), arguments
    context = command.make_context("belfry", [*rest])
    while isinstance(command, TyperGroup):
        name, found, rest = command.resolve_command(context, rest)
        assert found is not None
        command, context = found, found.make_context(name, [*rest], parent=context)


def in_kubernetes(arguments: list[str], block: Block) -> None:
    """Fail unless what `kubectl` is given is in our manifests, or made by the block itself."""
    assert [path for path in paths(arguments) if not (ROOT / path).exists()] == []
    there = {(it["kind"].lower(), it["metadata"]["name"]) for it in kustomize.everything()}
    for kind, name in (each.split("/") for each in arguments if OBJECT.fullmatch(each)):
        assert (kind, name) in there or f"create {kind} {name}" in block.text
    if "belfry" in (inside := arguments[arguments.index("--") + 1 :] if "--" in arguments else []):
        understood(inside[1:])


def paths(arguments: list[str]) -> list[str]:
    """The files that `kubectl` is given."""
    given = pairwise(arguments)
    return [path for option, path in given if option in {"-f", "-k"} and path != "-"]


@cache
def command_line() -> Any:
    """The command `belfry`, as typer builds it."""
    return get_command(belfry.app)


@cache
def targets() -> set[str]:
    """What `make` makes."""
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@cache
def routes() -> list[BaseRoute]:
    """Where the API answers."""
    return create_app(
        load(_env_file=None, jwt_secret="0" * 32, public_url="https://a.example")
    ).routes
