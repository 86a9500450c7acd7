"""An OpenID Connect provider: sends people there, and takes what they come back with.

Authorization code with PKCE (OpenID Connect Core 1.0, section 3.1; RFC 7636), by Authlib.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp
import jwt
import orjson
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc.errors import JoseError

from core import clock, jwks, tokens
from core.discovery import REFRESH_SECONDS, Discovery, Metadata
from core.errors import ConfigurationError, Unauthenticated, Unavailable
from core.refusal import Refusal, Refused, meaning
from core.settings import Settings

EXCHANGE_SECONDS = 10.0
MOST_EXCHANGES = 32
"""Codes that are redeemed at once; what comes beyond waits, so that a provider that hangs holds no
more connections, however many bring codes that somebody has made up."""
LEEWAY_SECONDS = 60
"""What the provider's clock may differ by."""
LONGEST_ID_TOKEN = 32 * 1024
"""Characters."""
_REQUIRED = ["iss", "sub", "aud", "exp", "iat", "nonce"]


@dataclass(frozen=True, slots=True)
class Proofs:
    """What ties the end of a sign-in to its beginning; each is random and used once."""

    state: str
    nonce: str
    verifier: str


class Provider:
    """The one that is set up."""

    def __init__(self, url: str, client_id: str, secret: str, scopes: str) -> None:
        self.host = urlsplit(url).hostname or ""
        self._client_id, self._secret, self._scopes = client_id, secret, scopes
        self._discovery = Discovery(url)
        self._keys: tuple[str, jwks.Keys] | None = None
        self._places = asyncio.Semaphore(MOST_EXCHANGES)

    @classmethod
    def by(cls, settings: Settings) -> Self | None:
        """As the settings say; None where there is none."""
        secret = settings.oidc_client_secret.get_secret_value()
        if not settings.oidc_url:
            return None
        return cls(settings.oidc_url, settings.oidc_client_id, secret, settings.oidc_scopes)

    async def begin(self, proofs: Proofs, back: str) -> str:
        """Where a browser must go, to come back to the URL `back`; raises Refused."""
        return str(
            prepare_grant_uri(
                (await self._metadata()).authorization_endpoint,
                self._client_id,
                "code",
                back,
                self._scopes,
                proofs.state,
                nonce=proofs.nonce,
                code_challenge=create_s256_code_challenge(proofs.verifier),
                code_challenge_method="S256",
            )
        )

    async def finish(
        self, said: Mapping[str, str], proofs: Proofs, back: str
    ) -> tuple[dict[str, Any], str]:
        """The claims of who came back with these parameters, and the ID token; raises Refused."""
        known = await self._metadata()
        _check_sender(said, known)
        if "error" in said:
            raise Refused(meaning(said["error"]), said["error"])
        if not said.get("code"):
            raise Refused(Refusal.STALE, "no code")
        answer = await self._redeem(known, said["code"], proofs.verifier, back)
        id_token, access_token = answer.get("id_token"), answer.get("access_token")
        if not isinstance(id_token, str) or len(id_token) > LONGEST_ID_TOKEN:
            raise Refused(Refusal.NOT_GENUINE, "no ID token, or one that is too long")
        return await self._claims(known, id_token, proofs.nonce, access_token), id_token

    async def goodbye(self, id_token: str | None, back: str) -> str | None:
        """Where a browser ends its session at the provider; None where that can't be told."""
        try:
            url = (await self._metadata()).end_session_endpoint
        except Refused:
            return None
        if url is None:
            return None
        said = {
            "id_token_hint": id_token,
            "client_id": self._client_id,
            "post_logout_redirect_uri": back,
        }
        return str(add_params_to_uri(url, [(name, value) for name, value in said.items() if value]))

    async def _metadata(self) -> Metadata:
        try:
            return await self._discovery.metadata()
        except Unavailable:
            raise Refused(Refusal.AWAY) from None

    async def _redeem(
        self, known: Metadata, code: str, verifier: str, back: str
    ) -> Mapping[str, Any]:
        """What the provider gives for a code; raises Refused."""
        how = ClientAuth(
            self._client_id, self._secret, known.secret_goes if self._secret else "none"
        )
        asked = prepare_token_request(
            "authorization_code", "", back, code=code, code_verifier=verifier
        )
        accepted = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        url, headers, form = how.prepare("POST", known.token_endpoint, accepted, asked)
        try:
            async with asyncio.timeout(EXCHANGE_SECONDS), self._places:
                return await _post(url, headers, form)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Refused(Refusal.AWAY, str(error) or type(error).__name__) from None

    async def _claims(
        self, known: Metadata, id_token: str, nonce: str, access_token: object
    ) -> dict[str, Any]:
        """What a genuine ID token says (section 3.1.3.7); raises Refused."""
        try:
            header = jwt.get_unverified_header(id_token)
            claims = await self._signed(known, id_token, header)
            asked = {"nonce": nonce, "client_id": self._client_id, "access_token": access_token}
            now = int(clock.now().timestamp())
            CodeIDToken(claims, header, params=asked).validate(now, LEEWAY_SECONDS)
        except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
            raise Refused(Refusal.CLOCK, str(error)) from None
        except Unavailable:
            raise Refused(Refusal.AWAY) from None
        except (jwt.PyJWTError, JoseError, Unauthenticated, ValueError, TypeError) as error:
            raise Refused(Refusal.NOT_GENUINE, str(error)) from None
        return claims

    async def _signed(
        self, known: Metadata, id_token: str, header: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What it says if a key of the provider has signed it; raises Unauthenticated and PyJWT's."""
        algorithm = header.get("alg")
        if algorithm not in known.algorithms:
            raise Unauthenticated("signed by an algorithm that was not announced")
        try:
            key = await self._keys_of(known).find(header.get("kid"), algorithm)
            return self._decoded(known, id_token, key)
        except (Unauthenticated, jwt.InvalidSignatureError):
            # The provider may have a new key. It gave us the token itself, so that no stranger
            # makes us ask.
            self._keys = None
            key = await self._keys_of(known).find(header.get("kid"), algorithm)
            return self._decoded(known, id_token, key)

    def _decoded(self, known: Metadata, id_token: str, key: jwks.Key) -> dict[str, Any]:
        return jwt.decode(
            id_token,
            key.public,
            algorithms=[key.algorithm],
            leeway=LEEWAY_SECONDS,
            audience=self._client_id,
            issuer=known.issuer,
            options={"require": _REQUIRED},
        )

    def _keys_of(self, known: Metadata) -> jwks.Keys:
        """Asked for anew once they are old, as nobody refreshes them."""
        if self._keys is None or self._keys[0] != known.jwks_uri:
            keys = jwks.Keys(known.jwks_uri, REFRESH_SECONDS, REFRESH_SECONDS)
            self._keys = known.jwks_uri, keys
        return self._keys[1]


def check(settings: Settings) -> None:
    """Raise ConfigurationError where a provider is set that nobody could sign in at."""
    if not settings.oidc_url:
        return
    jwks.check_url(settings.oidc_url, "OIDC_URL")
    if not settings.jwt_secret.get_secret_value():
        raise ConfigurationError(
            "OIDC_URL needs JWT_SECRET as well: whoever signs in there gets short tokens by it"
        )
    tokens.check_secret(settings.jwt_secret.get_secret_value())
    if not settings.oidc_client_id:
        raise ConfigurationError("OIDC_URL needs OIDC_CLIENT_ID, what Belfry is called there")
    secret = settings.oidc_client_secret.get_secret_value()
    if not (settings.oidc_client_id + secret).isascii():
        raise ConfigurationError("OIDC_CLIENT_ID and OIDC_CLIENT_SECRET must be ASCII (RFC 6749)")
    if "openid" not in settings.oidc_scopes.split():
        raise ConfigurationError("OIDC_SCOPES must have `openid` among its scopes")


def _check_sender(said: Mapping[str, str], known: Metadata) -> None:
    """Refuse what another provider sent (RFC 9207); those that never say who they are can't be told."""
    if "iss" in said and said["iss"] != known.issuer:
        raise Refused(Refusal.NOT_GENUINE, "sent back by another issuer")
    if known.names_itself and "iss" not in said:
        raise Refused(Refusal.NOT_GENUINE, "sent back without the issuer that was announced")


async def _post(url: str, headers: Mapping[str, str], form: str) -> Mapping[str, Any]:
    """The answer of the token endpoint; raises Refused, and aiohttp's errors, OSError or ValueError."""
    async with (
        aiohttp.ClientSession(auto_decompress=False) as session,
        session.post(url, data=form, headers=headers, allow_redirects=False) as response,
    ):
        if response.status not in (200, 400, 401, 403):
            raise ValueError(f"it answers {response.status}")
        said = orjson.loads(await jwks.body(response))
    if not isinstance(said, dict):
        raise ValueError("its answer is no object")  # noqa: TRY004 - of an answer, not of ours
    if response.status != 200:
        error = str(said.get("error"))
        raise Refused(meaning(error), error)
    return said
