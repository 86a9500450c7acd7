"""An OpenID Connect provider: who is taken for genuine, and which tricks fail (M19)."""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from aiohttp import web

from core.oidc import Proofs, Provider
from core.refusal import Refusal, Refused
from tests.issuer import CLIENT, CODE, SECRET, Issuer, Twist, signed
from tests.provider import signer

BACK = "http://127.0.0.1/session/callback"
PROOFS = Proofs("state-" * 8, "nonce-" * 8, "verifier-" * 6)


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with Issuer().running() as issuer:
        yield issuer


def provider(issuer: Issuer, url: str = "", secret: str = SECRET) -> Provider:
    return Provider(url or issuer.url, CLIENT, secret, "openid profile")


async def signed_in(issuer: Issuer, own: Provider | None = None, **said: str) -> dict[str, Any]:
    """The claims of who comes back; what is said is brought along."""
    own = own or provider(issuer)
    back = issuer.back(await own.begin(PROOFS, BACK))
    claims, _ = await own.finish({**back, **said}, PROOFS, BACK)
    return claims


async def refusal(issuer: Issuer, own: Provider | None = None, **said: str) -> Refusal:
    with pytest.raises(Refused) as refused:
        await signed_in(issuer, own, **said)
    return refused.value.why


async def test_who_comes_back_with_a_code_is_known_by_a_signed_token(issuer: Issuer) -> None:
    claims = await signed_in(issuer)
    assert (claims["sub"], claims["roles"]) == ("ann", ["admin"])
    assert issuer.posted["code_verifier"] == PROOFS.verifier
    assert issuer.posted["redirect_uri"] == BACK


async def test_nothing_secret_goes_by_the_browser(issuer: Issuer) -> None:
    url = await provider(issuer).begin(PROOFS, BACK)
    assert PROOFS.verifier not in url
    assert SECRET not in url
    said = issuer.visited(url)
    assert said["response_type"] == "code"
    assert said["scope"] == "openid profile"
    assert said["redirect_uri"] == BACK


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
async def test_the_url_may_be_that_of_the_document(issuer: Issuer, algorithm: str) -> None:
    issuer.signer = signer("two", algorithm)
    own = provider(issuer, f"{issuer.url}/.well-known/openid-configuration")
    assert await signed_in(issuer, own)


async def test_a_slash_at_the_end_of_an_issuer_may_be_left_out(issuer: Issuer) -> None:
    issuer.metadata = {"issuer": f"{issuer.url}/"}
    issuer.twist = lambda claims: {**claims, "iss": f"{issuer.url}/"}
    assert await signed_in(issuer)


@pytest.mark.parametrize(
    ("methods", "secret", "by"),
    [
        (["client_secret_post", "client_secret_basic"], SECRET, None),
        (["client_secret_basic"], SECRET, "header"),
        (None, SECRET, "header"),
        (["client_secret_post"], "", None),
    ],
)
async def test_the_client_shows_its_secret_as_the_provider_wants_it(
    issuer: Issuer, methods: list[str] | None, secret: str, by: str | None
) -> None:
    issuer.metadata = {"token_endpoint_auth_methods_supported": methods}
    await signed_in(issuer, provider(issuer, secret=secret))
    assert issuer.posted["client_id"] == CLIENT
    assert issuer.posted.get("client_secret", "") == secret
    assert issuer.posted.get("by") == by


TWISTS: dict[str, Twist] = {
    "another issuer": lambda claims: {**claims, "iss": "https://id.example.com"},
    "another client": lambda claims: {**claims, "aud": "another"},
    "no audience": lambda claims: {**claims, "aud": None},
    "another nonce": lambda claims: {**claims, "nonce": "n" * 48},
    "no nonce": lambda claims: {**claims, "nonce": None},
    "no end": lambda claims: {**claims, "exp": None},
    "no beginning": lambda claims: {**claims, "iat": None},
    "nobody": lambda claims: {**claims, "sub": None},
    "a number": lambda claims: {**claims, "sub": 7},
    "made for another of several": lambda claims: {**claims, "aud": [CLIENT, "x"], "azp": "x"},
    "made for several, by nobody": lambda claims: {**claims, "aud": [CLIENT, "x"]},
    "another access token": lambda claims: {**claims, "at_hash": "aGFsZiBhIGhhc2ggb2Y"},
}


@pytest.mark.parametrize("name", TWISTS)
async def test_a_token_that_says_something_else_signs_in_nobody(issuer: Issuer, name: str) -> None:
    issuer.twist = TWISTS[name]
    assert await refusal(issuer) is Refusal.NOT_GENUINE


@pytest.mark.parametrize(("claim", "minutes"), [("exp", -2), ("iat", 5)], ids=["over", "not yet"])
async def test_clocks_that_differ_are_told_apart_from_tricks(
    issuer: Issuer, claim: str, minutes: int
) -> None:
    moment = datetime.now(UTC) + timedelta(minutes=minutes)
    issuer.twist = lambda claims: {**claims, claim: moment}
    assert await refusal(issuer) is Refusal.CLOCK


def by_public_key(issuer: Issuer) -> Any:
    """HS256 over the public key, by hand since PyJWT refuses to."""

    def part(said: Any) -> str:
        raw = json.dumps(said, default=lambda at: int(at.timestamp())).encode()
        return urlsafe_b64encode(raw).decode().rstrip("=")

    def sign(claims: dict[str, Any]) -> str:
        text = f"{part({'alg': 'HS256', 'kid': 'one'})}.{part(claims)}"
        key = json.dumps(issuer.signer.jwk()).encode()
        mac = urlsafe_b64encode(hmac.digest(key, text.encode(), "sha256")).decode().rstrip("=")
        return f"{text}.{mac}"

    return sign


async def test_a_token_signed_by_anything_else_signs_in_nobody(issuer: Issuer) -> None:
    ways: dict[str, Any] = {
        "none": lambda claims: jwt.encode(claims, "", "none"),
        "a stranger": lambda claims: signed(claims, signer("one")),
        "our own secret": lambda claims: jwt.encode(claims, SECRET * 2, "HS256"),
        "a public key": by_public_key(issuer),
        "an algorithm not announced": lambda claims: signed(claims, signer("one", "ES384")),
        "nothing": lambda _: "no.token.atall",
        "too long": lambda claims: signed({**claims, "more": "x" * 40_000}, issuer.signer),
    }
    for name, sign in ways.items():
        issuer.sign = sign
        assert await refusal(issuer) is Refusal.NOT_GENUINE, name


@pytest.mark.parametrize("kid", ["two", "one"])
async def test_a_new_key_of_the_provider_is_known_at_once(issuer: Issuer, kid: str) -> None:
    own = provider(issuer)
    await signed_in(issuer, own)
    issuer.signer = signer(kid)
    assert await signed_in(issuer, own)
    assert await signed_in(issuer, own)
    assert issuer.asked.count("keys") == 2


async def test_a_provider_that_signs_by_secrets_only_is_none_for_us(issuer: Issuer) -> None:
    issuer.metadata = {"id_token_signing_alg_values_supported": ["HS256", "none"]}
    assert await refusal(issuer) is Refusal.AWAY


async def test_what_another_provider_sent_is_refused_before_its_code_is_used(
    issuer: Issuer,
) -> None:
    """The mix-up of RFC 9207."""
    assert await refusal(issuer, iss="https://id.example.com") is Refusal.NOT_GENUINE
    issuer.metadata = {"authorization_response_iss_parameter_supported": True}
    assert await refusal(issuer) is Refusal.NOT_GENUINE
    assert "token" not in issuer.asked
    assert await signed_in(issuer, iss=issuer.url)


@pytest.mark.parametrize(
    ("error", "why"),
    [
        ("access_denied", Refusal.CANCELLED),
        ("temporarily_unavailable", Refusal.AWAY),
        ("invalid_scope", Refusal.MISCONFIGURED),
    ],
)
async def test_errors_of_the_provider_are_told_by_what_can_be_done(
    issuer: Issuer, error: str, why: Refusal
) -> None:
    assert await refusal(issuer, error=error) is why


async def test_a_code_opens_nothing_for_who_did_not_ask_for_it(issuer: Issuer) -> None:
    own = provider(issuer)
    back = issuer.back(await own.begin(PROOFS, BACK))
    another = Proofs(PROOFS.state, PROOFS.nonce, "w" * 54)
    with pytest.raises(Refused) as refused:
        await own.finish(back, another, BACK)
    assert refused.value.why is Refusal.USED_UP


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"status": 401, "text": '{"error": "invalid_client"}'}, Refusal.MISCONFIGURED),
        ({"status": 503, "text": "away"}, Refusal.AWAY),
        ({"status": 302, "headers": {"Location": "http://127.0.0.1:1/"}}, Refusal.AWAY),
        ({"text": "<html>"}, Refusal.AWAY),
        ({"text": "[]"}, Refusal.AWAY),
        ({"text": "{}"}, Refusal.NOT_GENUINE),
        ({"text": '{"id_token": 7}'}, Refusal.NOT_GENUINE),
        ({"text": f'{{"more": "{"x" * 300_000}"}}'}, Refusal.AWAY),
    ],
)
async def test_whatever_the_token_endpoint_answers_nobody_gets_in(
    issuer: Issuer, answer: dict[str, Any], why: Refusal
) -> None:
    issuer.token = lambda _: web.Response(**answer)
    assert await refusal(issuer) is why


async def test_a_log_gets_no_code_and_no_secret(issuer: Issuer) -> None:
    issuer.token = lambda _: web.Response(status=500, text=SECRET)
    with pytest.raises(Refused) as refused:
        await signed_in(issuer)
    for secret in (CODE, SECRET, PROOFS.verifier):
        assert secret not in refused.value.detail


async def test_who_signs_out_is_sent_to_do_so_at_the_provider(issuer: Issuer) -> None:
    url = await provider(issuer).goodbye("an.id.token", "http://127.0.0.1/console")
    assert url == (
        f"{issuer.url}/bye?lang=en&id_token_hint=an.id.token&client_id={CLIENT}"
        "&post_logout_redirect_uri=http%3A%2F%2F127.0.0.1%2Fconsole"
    )
    issuer.metadata = {"end_session_endpoint": None}
    assert await provider(issuer).goodbye("an.id.token", BACK) is None
