"""What tokens say, and what they must say."""

import hmac
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any

import jwt
import pytest
import time_machine

from tests.core.test_tokens import HOUR, NOON, SECRET, refusal, signed, unsigned, verified


@pytest.mark.parametrize("claim", ["nbf", "iat"])
def test_a_token_begins_with_a_leeway_of_ten_seconds(claim: str) -> None:
    early = signed(**{claim: NOON + timedelta(seconds=11)})
    assert "not yet valid" in refusal(early)
    with time_machine.travel(NOON, tick=False):
        verified(signed(**{claim: NOON + timedelta(seconds=10)}))


def test_audience_and_issuer_are_needed_where_they_are_set() -> None:
    asked = {"audience": "belfry", "issuer": "https://id.example.com"}
    right: dict[str, Any] = {"aud": ["account", "belfry"], "iss": "https://id.example.com"}
    with time_machine.travel(NOON, tick=False):
        verified(signed(**right), **asked)
        verified(signed(**{**right, "aud": "belfry"}), **asked)
    wrong: dict[str, list[object]] = {
        "aud": [None, "belfry2", ["account"], [], {}, ["belfry", 1]],
        "iss": [None, "https://id.example.com/", "https://ID.example.com"],
    }
    for claim, values in wrong.items():
        for value in values:
            assert "not valid" in refusal(signed(**{**right, claim: value}), **asked)


def test_a_token_for_an_audience_is_refused_where_none_is_set() -> None:
    assert "audience" in refusal(signed(aud="another service"))


@pytest.mark.parametrize(
    ("name", "claims", "roles"),
    [
        ("role", {"role": "admin"}, ("admin",)),
        ("role", {"role": ["offline_access", "sender"]}, ("offline_access", "sender")),
        ("realm_access.roles", {"realm_access": {"roles": ["admin"]}}, ("admin",)),
        ("https://a.example/roles", {"https://a.example/roles": ["sender"]}, ("sender",)),
        ("role", {"role": []}, ()),
    ],
)
def test_roles_stand_where_the_setting_says(
    name: str, claims: dict[str, object], roles: tuple[str, ...]
) -> None:
    with time_machine.travel(NOON, tick=False):
        token = signed(**{"role": None, **claims})
        assert verified(token, role_claim=name).roles == roles


@pytest.mark.parametrize("claims", [{}, {"a": 1}, {"a": {"c": "admin"}}, {"a": [{"b": "admin"}]}])
def test_a_path_that_leads_to_no_role_is_refused(claims: dict[str, object]) -> None:
    assert "names no role in its claim `a.b`" in refusal(signed(**claims), role_claim="a.b")


def test_the_last_of_two_claims_of_one_name_holds() -> None:
    """RFC 7519, section 4: either that, or refuse the token."""
    claims = b'{"sub": "u1", "exp": 2e9, "role": "admin", "role": "sender"}'
    with time_machine.travel(NOON, tick=False):
        assert verified(jwt.PyJWS().encode(claims, SECRET)).roles == ("sender",)


@pytest.mark.parametrize("end", ["true", "false", "null", "NaN", "Infinity", "[]", "{}", '""'])
def test_an_end_that_is_no_time_is_refused(end: str) -> None:
    claims = f'{{"sub": "u1", "role": "admin", "exp": {end}}}'.encode()
    assert refusal(jwt.PyJWS().encode(claims, SECRET))


@pytest.mark.parametrize(
    "header", [{"crit": ["exp"]}, {"crit": []}, {"crit": "exp"}, {"b64": False, "crit": ["b64"]}]
)
def test_a_header_that_must_be_understood_and_is_not_refuses_the_token(
    header: dict[str, Any],
) -> None:
    claims = {"sub": "u1", "role": "admin", "exp": NOON + HOUR}
    head, body, _ = jwt.encode(claims, SECRET).split(".")
    head = unsigned({"alg": "HS256", "typ": "JWT", **header}, {}).split(".")[0]
    mac = hmac.digest(SECRET.encode(), f"{head}.{body}".encode(), "sha256")
    assert refusal(f"{head}.{body}.{urlsafe_b64encode(mac).rstrip(b'=').decode()}")
