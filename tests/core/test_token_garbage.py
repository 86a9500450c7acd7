"""Whatever comes as a token is taken or refused, and nothing else."""

import asyncio
import base64
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
from core.tokens import Verifier
from tests.provider import SECRET, WEEK, Provider, signer

TEXTS = st.text(max_size=40) | st.sampled_from(["one", "ES256", "RS256", "HS256", "none"])
VALUES = TEXTS | st.none() | st.booleans() | st.integers() | st.floats() | st.lists(TEXTS)
HEADERS = st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk"]), VALUES)
CLAIMS = st.dictionaries(
    st.sampled_from(["sub", "exp", "nbf", "iat", "aud", "iss", "role", "jti"]), VALUES
)


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@given(
    st.lists(
        HEADERS.map(encoded) | CLAIMS.map(encoded) | st.text(max_size=40), min_size=1, max_size=5
    )
)
def test_any_garbage_is_refused(parts: list[str]) -> None:
    async def check() -> None:
        provider = Provider()
        keys = jwks.Keys(provider.url, WEEK, WEEK)
        keys._keys = jwks.read(orjson.dumps({"keys": [KNOWN.jwk()]}))
        keys._heard_at = keys._asked_at = asyncio.get_running_loop().time()
        with pytest.raises(Unauthenticated):
            await Verifier(SECRET, keys).verify(".".join(parts))

    asyncio.run(check())


@given(CLAIMS)
def test_any_claims_under_a_good_signature_are_taken_or_refused(claims: dict[str, Any]) -> None:
    token = jwt.PyJWS().encode(json.dumps(claims).encode(), SECRET)
    with suppress(Unauthenticated):
        asyncio.run(Verifier(SECRET).verify(token))


KNOWN = signer("one")
