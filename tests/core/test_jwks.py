"""Tokens by the keys of an identity provider: which are taken, and which tricks fail."""

import base64
import hmac
import json
from contextlib import suppress
from typing import Any

import jwt
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import jwks
from core.errors import Unauthenticated
from tests.provider import SECRET, Provider, Signer, rsa_key, signer, verifier


@pytest.mark.parametrize("algorithm", jwks.ALGORITHMS)
async def test_a_token_of_the_provider_opens(provider: Provider, algorithm: str) -> None:
    key = signer("one", algorithm)
    provider.keys = [key.jwk()]
    claims = await verifier(provider).verify(key.sign())
    assert claims.roles == ("admin",)


async def test_a_token_of_a_stranger_with_the_kid_of_the_provider_is_refused(
    provider: Provider,
) -> None:
    provider.keys = [signer("one").jwk()]
    with pytest.raises(Unauthenticated, match="not valid"):
        await verifier(provider).verify(signer("one").sign())


async def test_secret_and_provider_stand_side_by_side(provider: Provider) -> None:
    key = signer("one")
    provider.keys = [key.jwk()]
    both = verifier(provider, SECRET)
    by_secret = jwt.encode({"sub": "u", "role": "sender", "exp": 2**33}, SECRET)
    assert (await both.verify(by_secret)).roles == ("sender",)
    assert provider.asked == 0
    assert (await both.verify(key.sign())).roles == ("admin",)


async def test_without_a_secret_no_token_by_a_secret_opens(provider: Provider) -> None:
    token = jwt.encode({"sub": "u", "role": "sender", "exp": 2**33}, SECRET)
    with pytest.raises(Unauthenticated, match="algorithm"):
        await verifier(provider).verify(token)


async def test_a_public_key_is_never_a_secret(provider: Provider) -> None:
    """The classic confusion: HS256 over the bytes of the public key, in every form of it."""
    key = signer("one", "RS256")
    provider.keys = [key.jwk()]
    both = verifier(provider, SECRET)
    await both.verify(key.sign())
    n = key.jwk()["n"]
    for public in (orjson.dumps(key.jwk()), n.encode(), base64.urlsafe_b64decode(n + "==")):
        # By hand, because PyJWT refuses to sign by what looks like a public key.
        head, claims, _ = jwt.encode({"sub": "u", "exp": 2**33}, SECRET).split(".")
        mac = hmac.digest(public, f"{head}.{claims}".encode(), "sha256")
        with pytest.raises(Unauthenticated, match="Signature"):
            await both.verify(f"{head}.{claims}.{base64.urlsafe_b64encode(mac).decode()}")


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "HS512", "ES256K", "", None, [], 1])
async def test_an_algorithm_that_is_none_of_the_providers_is_refused(
    provider: Provider, algorithm: object
) -> None:
    key = signer("one", "RS256")
    provider.keys = [key.jwk(alg=None)]
    _, claims, signature = key.sign().split(".")
    head = base64.urlsafe_b64encode(orjson.dumps({"alg": algorithm, "kid": "one"})).rstrip(b"=")
    for tail in (signature, ""):
        with pytest.raises(Unauthenticated):
            await verifier(provider).verify(f"{head.decode()}.{claims}.{tail}")


async def test_a_key_serves_only_the_algorithm_it_was_made_for(provider: Provider) -> None:
    provider.keys = [signer("one", "RS256").jwk()]
    for other in ("RS512", "PS256", "ES256"):
        with pytest.raises(Unauthenticated):
            await verifier(provider).verify(signer("one", other).sign())


async def test_a_key_that_names_no_algorithm_serves_all_of_its_kind(provider: Provider) -> None:
    provider.keys = [signer("one", "RS256").jwk(alg=None, use=None)]
    for algorithm in jwks.RSA:
        await verifier(provider).verify(signer("one", algorithm).sign())


async def test_keys_that_come_with_the_token_are_not_looked_at(provider: Provider) -> None:
    provider.keys = [signer("one").jwk()]
    mine = signer("one")
    other = Provider(keys=[mine.jwk()])
    async with other.running():
        header = {"jku": other.url, "x5u": other.url, "jwk": mine.jwk()}
        with pytest.raises(Unauthenticated):
            await verifier(provider).verify(mine.sign(header))
    assert other.asked == 0


UNUSABLE: list[dict[str, Any] | object] = [
    *(None, 1, "x", [], {}, {"kty": "RSA"}, {"kty": [], "crv": {}}, {"kty": "EC", "crv": "P-256"}),
    {"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I", "kid": "one"},
    {"kty": "RSA", "n": "AA", "e": "AA", "kid": "one"},
    {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "one"},
    signer("one").jwk(use="enc"),
    signer("one").jwk(key_ops=["encrypt"]),
    signer("one").jwk(key_ops=1),
    signer("one").jwk(alg="ES384"),
    signer("one").jwk(alg="HS256"),
    signer("one").jwk(kid=7),
    signer("one").jwk(d="AA"),
    signer("one").jwk(kid="x" * 501),
]


def without_coordinates(key: object) -> str:
    """A key as the name of a test, which must be the same in every process."""
    drawn = ("x", "y")
    return repr({k: v for k, v in key.items() if k not in drawn} if isinstance(key, dict) else key)


@pytest.mark.parametrize("unusable", UNUSABLE, ids=without_coordinates)
async def test_a_key_for_something_else_spoils_no_other(
    provider: Provider, unusable: object
) -> None:
    good = signer("good")
    provider.keys = [unusable, good.jwk()]  # type: ignore[list-item] # whatever a provider says
    await verifier(provider).verify(good.sign())
    assert [key.kid for key in jwks.read(orjson.dumps({"keys": provider.keys}))] == ["good"]


@pytest.mark.parametrize("deep", [253, 254, 300, 1_000, 1_100])
def test_a_key_nested_too_deep_spoils_no_other(deep: int) -> None:
    good = orjson.dumps(signer("good").jwk()).decode()
    bad = good.replace('"good"', '"bad"').replace("{", f'{{"a": {"[" * deep}{"]" * deep}, ')
    with suppress(ValueError):  # what is deeper than orjson reads
        assert "good" in [key.kid for key in jwks.read(f'{{"keys": [{bad}, {good}]}}'.encode())]


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda of: (
            st.lists(of)
            | st.dictionaries(
                st.sampled_from(
                    ["keys", "kty", "crv", "x", "y", "n", "e", "kid", "alg", "use", "key_ops"]
                ),
                of | st.sampled_from(["RSA", "EC", "OKP", "P-256", "Ed25519", "sig", "AQAB"]),
            )
        ),
    )
)
def test_any_set_is_read_or_refused(said: object) -> None:
    with suppress(ValueError):
        jwks.read(json.dumps(said).encode())
    with suppress(ValueError):
        jwks.read(json.dumps({"keys": [said]}).encode())


async def test_a_short_rsa_key_is_not_used(provider: Provider) -> None:
    weak = Signer("weak", "RS256", rsa_key(1_024))
    with pytest.raises(ValueError, match="no key"):
        jwks.read(orjson.dumps({"keys": [weak.jwk()]}))


async def test_a_token_without_a_kid_opens_only_where_one_key_fits(provider: Provider) -> None:
    one, two = signer("one"), signer("two")
    provider.keys = [one.jwk()]
    token = jwt.encode({"sub": "u", "role": "admin", "exp": 2**33}, one.private, "ES256")
    await verifier(provider).verify(token)
    provider.keys = [one.jwk(), two.jwk()]
    with pytest.raises(Unauthenticated, match="no key"):
        await verifier(provider).verify(token)
