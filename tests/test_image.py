"""The image, and the pipelines that check everything and build it. There is no engine to build it here."""

import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import yaml

from tests import schemas
from tests.test_repository import PROJECT, ROOT, tracked

PIPELINES = {"gitlab-ci": ".gitlab-ci.yml", "github-workflows": ".github/workflows/ci.yml"}
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


@cache
def pipeline(schema: str) -> dict[Any, Any]:
    """Read; YAML takes the word `on` for true, and GitHub does not."""
    text = (ROOT / PIPELINES[schema]).read_text(encoding="utf-8")
    found = yaml.safe_load(re.sub(r"^on:", '"on":', text, flags=re.MULTILINE))
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("schema", PIPELINES)
def test_a_pipeline_is_valid(schema: str) -> None:
    schemas.validate(schema, pipeline(schema))


def test_both_pipelines_run_the_one_script_on_the_same_pythons() -> None:
    gitlab, github = pipeline("gitlab-ci")["check"], pipeline("github-workflows")["jobs"]["check"]
    assert gitlab["script"] == [".ci/run"]
    assert [at["run"] for at in github["steps"] if "run" in at] == [".ci/run"]
    (matrix,) = gitlab["parallel"]["matrix"]
    assert matrix["PYTHON_VERSION"] == github["strategy"]["matrix"]["python-version"]
    assert gitlab["timeout"] == f"{github['timeout-minutes']} minutes"
    for name in ("PYTEST_ADDOPTS", "PIP_CACHE_DIR", "UV_CACHE_DIR", "npm_config_cache"):
        assert (
            gitlab["variables"][name].rpartition("$CI_PROJECT_DIR")[2]
            == (github["env"][name].rpartition("}}")[2])
        )


def test_both_pipelines_try_the_alerts_by_the_same_tool() -> None:
    gitlab, github = pipeline("gitlab-ci")["alerts"], pipeline("github-workflows")["jobs"]["alerts"]
    commands = [line.replace("promtool", "$PROMTOOL") for line in gitlab["script"]]
    assert [at["run"] for at in github["steps"] if "run" in at] == commands
    assert github["env"]["PROMTOOL"].endswith(f"--entrypoint promtool {gitlab['image']['name']}")
    for command in commands:
        assert (ROOT / command.rpartition(" ")[2]).exists()


def test_a_pipeline_may_do_no_more_than_it_must() -> None:
    github = pipeline("github-workflows")
    assert github["permissions"] == {"contents": "read"}
    assert "permissions" not in github["jobs"]["check"]
    build = github["jobs"]["container"]["steps"][-1]["with"]
    assert build["push"] == "${{ github.event_name == 'push' }}"


def test_both_pipelines_build_the_last_stage() -> None:
    assert pipeline("github-workflows")["jobs"]["container"]["steps"][-1]["with"]["target"] == (
        "belfry"
    )
    built = [line.split(" --label")[0] for line in pipeline("gitlab-ci")["container"]["script"]]
    assert "buildah build --target belfry" in built
    assert re.findall(r"^FROM \S+ AS (\S+)", DOCKERFILE, re.MULTILINE)[-1] == "belfry"


def test_a_failed_check_fails_the_pipeline() -> None:
    gitlab, github = pipeline("gitlab-ci"), pipeline("github-workflows")["jobs"]
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == "exec make check </dev/null"
    for name in ("check", "alerts"):
        assert "allow_failure" not in gitlab[name]
        assert not [at for at in (github[name], *github[name]["steps"]) if ERRORS in at]
    assert gitlab["stages"].index(gitlab["container"]["stage"]) > gitlab["stages"].index(
        gitlab["check"]["stage"]
    )
    assert github["container"]["needs"] == ["check", "alerts"]


ERRORS = "continue-on-error"


def test_the_image_is_run_by_the_user_that_manifests_name() -> None:
    """By number: Kubernetes can't tell whether a name is root's."""
    base = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)
    users = {
        stage.split()[2]: re.findall(r"^USER (\S+)", stage, re.MULTILINE) for stage in base[1:]
    }
    assert users["base"] == ["10001:10001"]
    assert users["belfry"] == users["emulator"] == []
    assert re.findall(r"^FROM base AS (\S+)", DOCKERFILE, re.MULTILINE) == ["emulator", "belfry"]


def test_a_container_is_well_as_long_as_the_process_lives() -> None:
    assert re.findall(r"/health/\w+", DOCKERFILE) == ["/health/live"]


def test_the_dockerfile_follows_the_rules_of_hadolint() -> None:
    command = [f"{Path(sys.executable).parent}/hadolint", "--no-color", "Dockerfile"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


def test_the_image_has_all_that_the_wheel_is_made_of(tmp_path: Path) -> None:
    """Builds from what .dockerignore leaves, by the backend that the Dockerfile builds by."""
    let_in = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    for path in (at.relative_to(ROOT) for at in tracked()):
        if path.parts[0] in let_in:
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, tmp_path / path)
    packing = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "-d", "dist"]
    subprocess.run(packing, cwd=tmp_path, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").iterdir()
    with ZipFile(wheel) as packed:
        inside = set(packed.namelist())
    sources = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    wanted = {
        path.as_posix()
        for path in (at.relative_to(ROOT) for at in tracked())
        if path.parts[0] in sources
    }
    assert wanted - inside == set()
