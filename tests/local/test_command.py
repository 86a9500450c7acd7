"""The command `belfry`: errors are one red line, and nothing heavy is loaded for a light job."""

import asyncio
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from core import tokens
from local.folder import Folder

ROOT = Path(__file__).parents[2]
BELFRY = ROOT / "belfry.py"
SECRET = "s" * 40
USER = "0be1f7000000000000000001"
LIMIT_SECONDS = 60


def belfry(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, BELFRY, *arguments],
        cwd=env.pop("cwd", None),
        env=env,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )


def said(secret: str, made: subprocess.CompletedProcess[str], **expected: str) -> tuple[str, str]:
    """Subject and role of the token that was printed."""
    verifier = tokens.Verifier(secret, expected=tokens.Expected(**expected))
    claims = asyncio.run(verifier.verify(made.stdout.strip()))
    (role,) = claims.roles
    return claims.subject, role


def test_a_token_says_what_the_settings_ask_for() -> None:
    asked = {"audience": "belfry", "issuer": "https://id.example.com", "role_claim": "realm.roles"}
    settings = {f"JWT_{name.upper()}": value for name, value in asked.items()}
    made = belfry("token", "--role", "sender", "--subject", USER, JWT_SECRET=SECRET, **settings)
    assert said(SECRET, made, **asked) == (USER, "sender")


def test_a_token_says_who_and_what() -> None:
    made = belfry("token", "--role", "sender", "--subject", USER, JWT_SECRET=SECRET)
    assert said(SECRET, made) == (USER, "sender")


def test_a_token_is_signed_by_the_key_of_the_folder_asked_for(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data")
    with folder.held():
        keys = folder.keys()
    asked = ("token", "--role", "admin", "--subject", USER, "--data", str(folder.path))
    made = belfry(*asked, JWT_SECRET=SECRET)
    assert said(keys.jwt_secret, made) == (USER, "admin")


def test_without_jwt_secret_the_key_of_the_usual_folder_signs(tmp_path: Path) -> None:
    folder = Folder(tmp_path / ".belfry")
    with folder.held():
        keys = folder.keys()
    made = belfry("token", "--role", "admin", "--subject", USER, cwd=str(tmp_path))
    assert said(keys.jwt_secret, made) == (USER, "admin")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("token", "--role", "admin", "--subject", USER), "JWT_SECRET must hold"),
        (("token", "--role", "admin", "--subject", "1"), "24 hex digits"),
        (("token", "--role", "admin", "--subject", USER, "--data", "none"), "holds no keys"),
        (("work", "--lane", "slow"), "lanes are"),
        (("schema", "--check", "none.graphql"), "can't read none.graphql"),
        (("serve", "--port", "1"), "JWT_SECRET must hold"),
    ],
)
def test_what_belfry_knows_is_one_line_and_code_2(
    arguments: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    failed = belfry(*arguments, cwd=str(tmp_path))
    assert failed.returncode == 2
    assert said in failed.stderr
    assert failed.stderr.count("\n") == 1


def test_bad_settings_are_named() -> None:
    failed = belfry("serve", NOTIFICATION_LIMIT="many")
    assert (failed.returncode, failed.stderr.count("\n")) == (2, 1)
    assert "NOTIFICATION_LIMIT" in failed.stderr


def test_a_taken_port_of_the_emulator_is_one_line_too() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        failed = belfry("outside", "--port", str(taken.getsockname()[1]))
    assert (failed.returncode, failed.stderr.count("\n")) == (2, 1)
    assert "the emulator can't start" in failed.stderr


def test_the_schema_equals_itself_and_a_change_is_shown(tmp_path: Path) -> None:
    printed = belfry("schema")
    file = tmp_path / "schema.graphql"
    file.write_text(printed.stdout)
    assert belfry("schema", "--check", str(file)).returncode == 0
    file.write_text(printed.stdout.replace("type Query {", "type Query2 {"))
    changed = belfry("schema", "--check", str(file))
    assert changed.returncode == 1
    assert "-type Query2 {\n+type Query {\n" in changed.stdout


def test_packages_of_the_current_folder_are_not_mistaken_for_ours(tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "__init__.py").write_text("raise SystemExit('someone else')")
    assert belfry("version", cwd=str(tmp_path)).returncode == 0


def test_the_stack_loads_neither_graph_nor_worker() -> None:
    code = (
        "import sys; import belfry, local.stack;"
        "print(*(n for n in ('graph', 'jobs.worker', 'services', 'models', 'strawberry', 'beanie', 'arq')"
        " if n in sys.modules))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == ""
