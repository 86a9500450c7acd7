import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from pydantic import SecretStr, TypeAdapter
from pydantic.fields import FieldInfo

from core.settings import Settings
from tests import compose

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

_SETTING = re.compile(r"^(?P<off># )?(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>.*)$")
_PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>[^ ;]+)", re.MULTILINE)
_BUILT = ROOT / "graph" / "static"
_UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME")) + r")\b")


class Line(NamedTuple):
    """A setting as .env.example has it."""

    is_on: bool
    value: str
    comment: str


def _env_example() -> dict[str, Line]:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    found = {}
    for above, line in zip(["", *lines], lines, strict=False):
        if match := _SETTING.match(line):
            found[match["name"]] = Line(match["off"] is None, match["value"], above)
    return found


EXAMPLE = _env_example()

FOR_OUR_TESTS = {"belfry_testing", "belfry_fail_at"}
"""Nobody who runs Belfry needs them."""

each_setting = pytest.mark.parametrize(
    ("name", "field"),
    [
        (name.upper(), field)
        for name, field in Settings.model_fields.items()
        if name not in FOR_OUR_TESTS
    ],
)


@each_setting
def test_every_setting_is_in_the_example_with_what_it_means(name: str, field: FieldInfo) -> None:
    assert name in EXAMPLE
    assert EXAMPLE[name].comment.startswith("# ")
    assert field.description


@each_setting
def test_the_example_shows_the_default_and_no_secret(name: str, field: FieldInfo) -> None:
    line = EXAMPLE[name]
    if field.annotation is SecretStr:
        assert line.value == ""
    else:
        assert not line.is_on
        assert field.annotation
        assert TypeAdapter(field.annotation).validate_python(line.value) == field.default


def test_the_example_names_nothing_but_settings_and_variables_of_compose() -> None:
    settings = {name.upper() for name in Settings.model_fields}
    assert EXAMPLE.keys() - settings <= compose.variables_used()


def test_every_variable_of_compose_is_in_the_example() -> None:
    assert compose.variables_used() <= EXAMPLE.keys()


def _requirements() -> list[Requirement]:
    project = PROJECT["project"]
    extras = project["optional-dependencies"].values()
    groups = [project["dependencies"], *extras, PROJECT["dependency-groups"]["dev"]]
    found = [Requirement(text) for group in groups for text in group]
    return [requirement for requirement in found if requirement.name != project["name"]]


@pytest.mark.parametrize("requirement", _requirements(), ids=lambda it: it.name)
def test_the_lock_has_every_requirement_of_the_project(requirement: Requirement) -> None:
    pins = {match["name"]: match["version"] for match in _PIN.finditer(LOCK)}
    assert requirement.specifier.contains(pins[requirement.name.lower()], prereleases=True)


def test_every_pin_of_the_lock_has_a_hash() -> None:
    pins = re.split(r"^(?=[a-z0-9])", LOCK, flags=re.MULTILINE)[1:]
    assert pins
    assert [pin for pin in pins if "--hash=sha256:" not in pin] == []


@pytest.mark.parametrize("path", ["requirements.lock", "tests/sockets/package-lock.json"])
def test_a_lock_names_no_address_and_no_place_on_a_disk(path: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    assert re.findall(r"\w+://\S*|(?<![\w@/.+=-])/\w+/\S*|--\S*index\S*|--find-links", text) == []


def test_this_python_is_one_that_the_project_allows() -> None:
    allowed = Requirement(f"python{PROJECT['project']['requires-python']}").specifier
    assert allowed.contains(default_environment()["python_full_version"])


def tracked() -> list[Path]:
    """Files that git has or would take."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def test_nothing_in_the_repository_waits_to_be_finished() -> None:
    sources = [path for path in tracked() if not path.is_relative_to(_BUILT)]
    assert sources
    unfinished = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sources
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), start=1)
        if _UNFINISHED.search(line)
    ]
    assert unfinished == []


def test_no_environment_file_is_kept_in_the_repository() -> None:
    assert [path for path in tracked() if path.name == ".env"] == []
