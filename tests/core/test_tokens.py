import asyncio
import json
from base64 import urlsafe_b64encode
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import orjson
import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from core import tokens
from core.errors import ConfigurationError, Unauthenticated
from core.settings import load

SECRET = "the-rope-of-the-largest-bell-hangs-low"
OTHER = "the-rope-of-the-smallest-bell-is-short"
HOUR = timedelta(hours=1)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def signed(**claims: object) -> str:
    """A genuine token with these claims; those that are None are left out."""
    usual: dict[str, Any] = {"sub": "u1", "role": "admin", "exp": NOON + HOUR, **claims}
    given = {name: claim for name, claim in usual.items() if claim is not None}
    return jwt.encode(given, SECRET, algorithm="HS256")


def unsigned(header: dict[str, object], claims: dict[str, object], signature: bytes = b"") -> str:
    parts = (orjson.dumps(header), orjson.dumps(claims), signature)
    return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def verified(token: str, **expected: str) -> tokens.Claims:
    return asyncio.run(tokens.Verifier(SECRET, None, tokens.Expected(**expected)).verify(token))


def refusal(token: str, **expected: str) -> str:
    with time_machine.travel(NOON, tick=False), pytest.raises(Unauthenticated) as caught:
        verified(token, **expected)
    assert SECRET not in str(caught.value)
    return str(caught.value)


def test_a_token_tells_what_was_signed() -> None:
    with time_machine.travel(NOON, tick=False):
        token = tokens.sign(SECRET, "65f0c3a1b2c3d4e5f6a7b8c9", "subscriber", HOUR)
        claims = verified(token)
    assert claims == tokens.Claims("65f0c3a1b2c3d4e5f6a7b8c9", ("subscriber",), NOON + HOUR)


def test_a_token_ends_with_a_leeway_of_ten_seconds() -> None:
    with time_machine.travel(NOON, tick=False) as travel:
        token = tokens.sign(SECRET, "u1", "admin", HOUR)
        travel.shift(HOUR + timedelta(seconds=9))
        verified(token)
        travel.shift(timedelta(seconds=1))
        with pytest.raises(Unauthenticated, match="expired"):
            verified(token)


def test_a_token_of_another_key_is_refused() -> None:
    with time_machine.travel(NOON, tick=False):
        foreign = tokens.sign(OTHER, "u1", "admin", HOUR)
    assert "not valid" in refusal(foreign)


@pytest.mark.parametrize("algorithm", ["none", "None", "HS512", "RS256", ""])
def test_a_token_of_another_algorithm_is_refused(algorithm: str) -> None:
    claims = {"sub": "u1", "role": "admin", "exp": (NOON + HOUR).timestamp()}
    assert "not valid" in refusal(unsigned({"alg": algorithm, "typ": "JWT"}, claims))


def test_a_token_signed_by_a_stronger_algorithm_is_refused_too() -> None:
    claims = {"sub": "u1", "role": "admin", "exp": NOON + HOUR}
    assert "not valid" in refusal(jwt.encode(claims, SECRET * 2, algorithm="HS512"))


@pytest.mark.parametrize("missing", ["sub", "exp", "role"])
def test_a_token_without_a_needed_claim_is_refused_by_its_name(missing: str) -> None:
    assert missing in refusal(signed(**{missing: None}))


@pytest.mark.parametrize(
    "claim", [{"role": 1}, {"role": ["admin", 1]}, {"role": {}}, {"exp": "soon"}, {"sub": 5}]
)
def test_a_claim_of_a_wrong_type_is_refused(claim: dict[str, object]) -> None:
    claims = {"sub": "u1", "role": "admin", "exp": int((NOON + HOUR).timestamp()), **claim}
    assert refusal(jwt.PyJWS().encode(orjson.dumps(claims), SECRET, algorithm="HS256"))


@pytest.mark.parametrize(
    "subject", ["", "\ud800", "a\udfffb", "a\nb", "\0", "\x7f", "\x85", "x" * 201]
)
def test_a_subject_that_cannot_be_kept_is_refused(subject: str) -> None:
    claims = {"sub": subject, "role": "admin", "exp": int((NOON + HOUR).timestamp())}
    token = jwt.PyJWS().encode(json.dumps(claims).encode(), SECRET, algorithm="HS256")
    assert "`sub` must have 1 to 200 characters" in refusal(token)


@pytest.mark.parametrize("subject", ["x" * 200, "auth0|5f0c", "Анна @ home", "🔔", " "])
def test_other_subjects_are_taken_as_they_are(subject: str) -> None:
    with time_machine.travel(NOON, tick=False):
        assert verified(signed(sub=subject)).subject == subject


@given(st.text(st.characters(), max_size=300) | st.text(st.sampled_from("a\ud800\n"), max_size=3))
def test_every_subject_that_is_taken_can_be_kept(subject: str) -> None:
    claims = {"sub": subject, "role": "admin", "exp": 2**33}
    token = jwt.PyJWS().encode(json.dumps(claims).encode(), SECRET, algorithm="HS256")
    with suppress(Unauthenticated):
        assert 1 <= len(verified(token).subject.encode()) <= 4 * tokens.LONGEST_SUBJECT


def test_claims_too_deep_to_read_are_refused() -> None:
    claims = b'{"sub": "u1", "role": "admin", "a": ' + b"[" * 2_500 + b"]" * 2_500 + b"}"
    assert refusal(jwt.PyJWS().encode(claims, SECRET, algorithm="HS256"))


@pytest.mark.parametrize("end", ["1e300", "1" + "0" * 18, "1e400", "-1e300"])
def test_an_end_beyond_the_calendar_is_refused(end: str) -> None:
    claims = f'{{"sub": "u1", "role": "admin", "exp": {end}}}'.encode()
    assert refusal(jwt.PyJWS().encode(claims, SECRET, algorithm="HS256"))


def test_an_end_may_be_a_fraction_or_a_text_of_digits() -> None:
    for end in ('"1767272400"', "1767272400.5"):
        claims = f'{{"sub": "u1", "role": "admin", "exp": {end}}}'.encode()
        token = jwt.PyJWS().encode(claims, SECRET, algorithm="HS256")
        with time_machine.travel(NOON, tick=False):
            assert verified(token).expires_at == NOON + HOUR


def test_a_changed_token_is_refused() -> None:
    head, claims, signature = signed().split(".")
    other = signed(role="operator").split(".")[1]
    assert "not valid" in refusal(".".join((head, other, signature)))
    assert "not valid" in refusal(".".join((head, claims, signature[::-1])))


@given(st.text())
def test_garbage_is_refused(garbage: str) -> None:
    assert refusal(garbage)


@pytest.mark.parametrize("garbage", ["\ud800", "a.b.\ud800", "a.b.c", "..", "\0", "é.é.é"])
def test_known_garbage_is_refused(garbage: str) -> None:
    assert refusal(garbage)


@pytest.mark.parametrize("secret", ["", "short", "x" * 31])
def test_a_short_secret_signs_nothing_and_is_not_shown(secret: str) -> None:
    with pytest.raises(ConfigurationError, match="JWT_SECRET must hold at least 32") as caught:
        tokens.sign(secret, "u1", "admin", HOUR)
    assert not secret or secret not in str(caught.value)


def test_a_secret_is_measured_in_bytes() -> None:
    tokens.check_secret("ж" * 16)
    with pytest.raises(ConfigurationError):
        tokens.check_secret("ж" * 15)


def test_a_token_remembered_still_ends() -> None:
    verifier = tokens.Verifier(SECRET)
    with time_machine.travel(NOON, tick=False) as travel:
        token = tokens.sign(SECRET, "u1", "admin", HOUR)
        assert asyncio.run(verifier.verify(token)) is asyncio.run(verifier.verify(token))
        travel.shift(HOUR + timedelta(seconds=10))
        with pytest.raises(Unauthenticated, match="expired"):
            asyncio.run(verifier.verify(token))


def test_few_tokens_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "KNOWN_TOKENS", 3)
    verifier = tokens.Verifier(SECRET)
    with time_machine.travel(NOON, tick=False):
        for number in range(10):
            asyncio.run(verifier.verify(signed(sub=str(number))))
    assert [claims.subject for claims, _ in verifier._known.values()] == ["7", "8", "9"]


def test_a_long_token_is_refused_unread() -> None:
    assert "longer than" in refusal(signed(padding="x" * tokens.LONGEST_TOKEN))


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({}, "JWT_SECRET"),
        ({"jwt_secret": "short"}, "JWT_SECRET"),
        ({"jwt_secret": "short", "jwks_url": "https://id.example.com/keys"}, "JWT_SECRET"),
        ({"jwks_url": "http://id.example.com/keys"}, "JWKS_URL"),
        ({"jwks_url": "file:///etc/passwd"}, "JWKS_URL"),
        ({"jwks_url": "https://[id"}, "JWKS_URL"),
        ({"jwks_url": "https:///keys"}, "JWKS_URL"),
    ],
)
def test_a_process_that_can_tell_no_token_does_not_start(given: dict[str, str], wrong: str) -> None:
    with pytest.raises(ConfigurationError, match=wrong):
        tokens.check(load(_env_file=None, **given))


@pytest.mark.parametrize("url", ["https://id.example.com/keys", "http://127.0.0.1:9/keys"])
def test_a_provider_alone_is_enough(url: str) -> None:
    tokens.check(load(_env_file=None, jwks_url=url))
