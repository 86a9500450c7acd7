"""What docs/oidc.md says of settings, times, paths and reasons is what the code does."""

import re
from pathlib import Path

from core import oidc
from core.refusal import Refusal
from core.settings import Settings
from core.sign_in import SignIn
from graph.session import routes_of_sessions
from graph.session_page import refused
from rules import session
from tests.test_repository import ROOT

DOCS = (Path(__file__).parent.parent / "docs" / "oidc.md").read_text(encoding="utf-8")
ROUTES = routes_of_sessions(Settings(_env_file=None))


def test_every_setting_is_told_and_no_other() -> None:
    named = set(re.findall(r"\b(?:OIDC|SESSION)_[A-Z_]+\b", DOCS))
    assert named == {name.upper() for name in SignIn.model_fields} - {"OIDC_SCOPES"}


def test_every_path_is_told_with_its_method() -> None:
    told = re.findall(r"^\| `(GET|POST) (/session[a-z/]*)", DOCS, re.MULTILINE)
    assert told == [
        ("POST" if "POST" in (route.methods or ()) else "GET", route.path) for route in ROUTES
    ]


def test_every_reason_is_told_here_and_to_whoever_meets_it() -> None:
    for why in Refusal:
        assert f"| `{why}` |" in DOCS
        page = bytes(refused(why, "<id>.example.com").body).decode()
        assert "<id>" not in page
        assert "<h1>" in page


def test_times_are_as_told() -> None:
    assert f"a token for {session.TOKEN_LIFETIME.seconds // 60} minutes" in DOCS
    assert f"once in {session.GRACE.seconds} seconds" in DOCS
    assert f"for {session.FLOW_LIFETIME.seconds // 60} minutes; the cookie" in DOCS
    assert f"more than {oidc.LEEWAY_SECONDS} seconds" in DOCS
    assert f"at most {session.LONGEST_PATH} characters" in DOCS


def test_the_module_for_front_ends_has_what_is_told_of_it() -> None:
    source = (ROOT / "web" / "console" / "oidc.ts").read_text(encoding="utf-8")
    told = re.search(r"import \{ (.*?) \} from './oidc'", DOCS)
    assert told is not None
    for name in told[1].split(", "):
        assert re.search(rf"^export (async )?function {name}\(", source, re.MULTILINE), name
