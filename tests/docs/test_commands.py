"""Commands in the documentation are run by tests, but for those that are checked here."""

import re
import tomllib
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

import belfry
from tests import kustomize
from tests.docs import absent, blocks, shell
from tests.docs.blocks import ROOT, Block
from tests.docs.test_pages import prose

BUILTIN = {"cd", "echo", "exec", "export", "kill", "printf", "set", "wait"}
ANYWHERE = {
    *("cat", "cp", "curl", "grep", "gzip", "head", "mkdir", "openssl", "sed", "sleep", "tail"),
    *("tar", "tee", "umask"),
}
OURS = {"belfry", "gq", "gql-cli", "python"}
"""Also of the README's tour, which defines one of them itself."""
OBJECT = re.compile(r"(cronjob|deployment|job|secret)/[a-z-]+")

each_script = pytest.mark.parametrize("block", blocks.of("sh"), ids=str)


@each_script
def test_every_command_is_run_or_its_absence_has_a_reason(block: Block) -> None:
    known = BUILTIN | ANYWHERE | OURS | absent.COMMANDS.keys() | shell.functions(block.text)
    for name, *_ in shell.commands(block.text):
        assert name.removeprefix(".venv/bin/") in known, (
            f"{name}: tests run what stands here, but only by what is on any machine; "
            "name it in this test if that is so, else in absent.py"
        )


@each_script
def test_what_is_not_run_is_given_what_there_is(block: Block) -> None:
    for name, *arguments in shell.commands(block.text):
        match name, arguments:
            case "docker", ["build", *rest]:
                assert rest[rest.index("--target") + 1] in stages()
            case "docker", [*rest]:
                assert rest == ["compose", "up", "--build"] or rest[0] == "push"
            case "kubectl", _:
                in_kubernetes(arguments, block)
            case "make", targets:
                assert made() >= {*targets}
            case "pip", [verb, requirement]:
                assert verb == "install"
                assert requirement in {f".[{extra}]" for extra in extras()}
            case _:
                assert name not in absent.COMMANDS


@pytest.mark.parametrize("page", blocks.PAGES, ids=lambda page: page.name)
def test_commands_in_the_text_of_a_page_are_there_with_their_options(page: Path) -> None:
    for said in re.findall(r"`(belfry [^`]+)`", prose(page)):
        group, (_, *words) = get_command(belfry.app), said.split()
        while isinstance(group, TyperGroup) and words:
            group = group.commands[words.pop(0)]
        options = {option for param in group.params for option in param.opts} | {"--help"}
        assert {word.split("=")[0] for word in words if word.startswith("--")} <= options, said


def in_kubernetes(arguments: list[str], block: Block) -> None:
    """Fail unless what `kubectl` is given is in our manifests, or made by the block itself."""
    assert [path for path in paths(arguments) if not (ROOT / path).exists()] == []
    for kind, name in (each.split("/") for each in arguments if OBJECT.fullmatch(each)):
        assert (kind, name) in manifests() or f"create {kind} {name}" in block.text


def paths(arguments: list[str]) -> list[str]:
    """The files that `kubectl` is given."""
    given = pairwise(arguments)
    return [path for option, path in given if option in {"-f", "-k"} and path != "-"]


@cache
def manifests() -> set[tuple[str, str]]:
    """The objects in our manifests."""
    return {(it["kind"].lower(), it["metadata"]["name"]) for it in kustomize.everything()}


def stages() -> set[str]:
    """What can be built of the Dockerfile."""
    return set(re.findall(r"^FROM .* AS (\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE))


def made() -> set[str]:
    """What `make` makes."""
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def extras() -> set[str]:
    """What of Belfry can be installed besides it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return set(project["optional-dependencies"])
