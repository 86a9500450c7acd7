"""What docs/auth.md says of roles, outcomes and settings is what the code does."""

import re
from pathlib import Path

from core import jwks, tokens
from core.settings import Settings
from rules import audit
from rules.audit import Outcome
from rules.roles import Permission, Principal, Role, may
from services import api_keys

DOCS = (Path(__file__).parent.parent / "docs" / "auth.md").read_text()


def row(name: str) -> str:
    """The rest of the table's row that begins with a name."""
    found = re.search(rf"^\| `{name}` \| (.*) \|$", DOCS, re.MULTILINE)
    assert found is not None, name
    return found[1]


def test_the_table_of_roles_is_complete() -> None:
    for role in Role:
        principal = Principal("u", role, None)
        may_do = [f"`{each.value}`" for each in Permission if may(principal, each)]
        assert row(role.value).split() == may_do


def test_every_outcome_is_told() -> None:
    assert all(row(outcome.value) for outcome in Outcome)


def test_every_algorithm_is_told() -> None:
    for name in jwks.ALGORITHMS:
        assert re.search(rf"{name[:2]}[/\d]*{name[2:]}", DOCS), name
    assert f"{tokens.LONGEST_TOKEN:,} characters" in DOCS
    assert f"{jwks.COOLDOWN_SECONDS:.0f} seconds" in DOCS
    assert f"1 to {tokens.LONGEST_SUBJECT} characters" in DOCS
    assert f"{jwks.LARGEST_SET // 1024} KiB" in DOCS


def test_bounds_of_keys_and_of_the_record_are_told() -> None:
    assert f"{api_keys.MOST_KEYS:,} keys" in DOCS
    assert f"at most {audit.MOST_TARGETS};" in DOCS
    assert f"at most {audit.LONGEST_INPUT:,} characters" in " ".join(DOCS.split())


def test_settings_that_are_named_exist() -> None:
    named = set(re.findall(r"\b(?:JWT|JWKS|AUDIT)_[A-Z_]+\b", DOCS))
    assert named == {
        name.upper() for name in Settings.model_fields if name.startswith(("jwt", "jwks", "audit"))
    }
