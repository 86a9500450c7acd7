"""Bearer tokens: JSON Web Tokens (RFC 7519) by a shared secret, or by an identity provider's keys."""

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import jwt

from core import clock, jwks
from core.errors import ConfigurationError, Unauthenticated
from core.settings import Settings

ALGORITHM = "HS256"
LEEWAY = timedelta(seconds=10)
KNOWN_TOKENS = 1_024
"""Genuine tokens remembered, because checking a signature takes longer than reading an inbox."""
LONGEST_TOKEN = 8_192
"""Characters; what is longer is refused unread."""
LONGEST_SUBJECT = 200
"""Characters; it is a key in Redis and stands in records and logs."""
_SUBJECT = re.compile(rf"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{{1,{LONGEST_SUBJECT}}}")
ENDED = "the token has expired; sign in again"
SHORTEST_SECRET = 32
"""Bytes; RFC 7518 section 3.2 asks for a key as long as the hash."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says of its bearer."""

    subject: str
    roles: tuple[str, ...]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Expected:
    """What tokens must say besides; an empty audience or issuer is not asked for."""

    audience: str = ""
    issuer: str = ""
    role_claim: str = "role"

    @classmethod
    def by(cls, settings: Settings) -> Self:
        """As the settings say."""
        return cls(settings.jwt_audience, settings.jwt_issuer, settings.jwt_role_claim)

    @property
    def required(self) -> list[str]:
        """The claims that a token can't do without."""
        asked = {"aud": self.audience, "iss": self.issuer}
        return ["exp", "sub", *(name for name, value in asked.items() if value)]


ANYTHING = Expected()


def sign(
    secret: str, subject: str, role: str, lifetime: timedelta, expected: Expected = ANYTHING
) -> str:
    """A token for `subject` in `role`; raises ConfigurationError on a missing or short secret."""
    check_secret(secret)
    issued = clock.now()
    claims = {"sub": subject, expected.role_claim: role, "iat": issued, "exp": issued + lifetime}
    asked = {"aud": expected.audience, "iss": expected.issuer}
    claims |= {name: value for name, value in asked.items() if value}
    return jwt.encode(claims, secret, algorithm=ALGORITHM)


class Verifier:
    """Tells genuine tokens: by a secret (HS256), by a provider's public keys, or by both.

    Which of them a token is checked by follows from its algorithm, and each key is tied to its
    own: so no public key is ever taken for a secret, and `none` for nothing.
    """

    def __init__(
        self, secret: str, keys: jwks.Keys | None = None, expected: Expected = ANYTHING
    ) -> None:
        self._secret = secret
        self._keys = keys
        self._expected = expected
        self._known: OrderedDict[str, tuple[Claims, jwks.Key | None]] = OrderedDict()

    @classmethod
    def by(cls, settings: Settings) -> Self:
        """As the settings say."""
        url = settings.jwks_url
        times = settings.jwks_refresh_seconds, settings.jwks_keep_seconds
        keys = jwks.Keys(url, *times) if url else None
        return cls(settings.jwt_secret.get_secret_value(), keys, Expected.by(settings))

    async def run(self) -> None:
        """Keep the provider's keys fresh until cancelled."""
        if self._keys is not None:
            await self._keys.run()

    async def verify(self, token: str) -> Claims:
        """The claims of a genuine token in its time.

        Raises Unauthenticated otherwise, and Unavailable while the provider must be asked and is away.
        """
        if len(token) > LONGEST_TOKEN:
            raise Unauthenticated(f"the token is longer than {LONGEST_TOKEN} characters")
        claims = self._remembered(token) or await self._genuine(token)
        if claims.expires_at <= clock.now() - LEEWAY:
            raise Unauthenticated(ENDED)
        return claims

    def _remembered(self, token: str) -> Claims | None:
        """What a token said that was genuine; forgotten once its key is taken back."""
        claims, key = self._known.get(token, (None, None))
        if key is not None and (self._keys is None or not self._keys.holds(key)):
            del self._known[token]
            return None
        if claims is not None:
            self._known.move_to_end(token)
        return claims

    async def _genuine(self, token: str) -> Claims:
        """The claims of a token whose signature holds; what else it says can only come to its end."""
        try:
            key = await self._key(jwt.get_unverified_header(token))
            claims = self._claims(token, key)
        except jwt.ExpiredSignatureError:
            raise Unauthenticated(ENDED) from None
        except (jwt.PyJWTError, ValueError, OverflowError, OSError) as error:
            # Not PyJWT's own: a text that is no Unicode, and an end beyond the calendar.
            raise Unauthenticated(f"the token is not valid: {error}") from None
        self._known[token] = claims, key
        if len(self._known) > KNOWN_TOKENS:
            self._known.popitem(last=False)
        return claims

    async def _key(self, header: dict[str, Any]) -> jwks.Key | None:
        """The provider's key that the token names; None where it is the secret's."""
        algorithm = header.get("alg")
        if algorithm == ALGORITHM and self._secret:
            return None
        if self._keys is not None and algorithm in jwks.ALGORITHMS:
            return await self._keys.find(header.get("kid"), algorithm)
        raise Unauthenticated("the token is not valid: its algorithm is not one of ours")

    def _claims(self, token: str, key: jwks.Key | None) -> Claims:
        claims = jwt.decode(
            token,
            self._secret if key is None else key.public,
            algorithms=[ALGORITHM if key is None else key.algorithm],
            leeway=LEEWAY,
            audience=self._expected.audience or None,
            issuer=self._expected.issuer or None,
            options={"require": self._expected.required},
        )
        expires_at = datetime.fromtimestamp(int(claims["exp"]), UTC)
        return Claims(subject(claims["sub"]), roles(claims, self._expected.role_claim), expires_at)


def check_secret(secret: str) -> None:
    """Raise ConfigurationError unless the secret is long enough to sign with."""
    if len(secret.encode()) < SHORTEST_SECRET:
        raise ConfigurationError(
            f"JWT_SECRET must hold at least {SHORTEST_SECRET} bytes; make one with "
            "`python3 -c 'import secrets; print(secrets.token_urlsafe(48))'`"
        )


def check(settings: Settings) -> None:
    """Raise ConfigurationError unless tokens can be told: by a good secret, by JWKS_URL or both."""
    secret = settings.jwt_secret.get_secret_value()
    if settings.jwks_url:
        jwks.check_url(settings.jwks_url)
    if secret or not settings.jwks_url:
        check_secret(secret)


def subject(said: object) -> str:
    """Whom a `sub` names; raises Unauthenticated for what is none."""
    if not isinstance(said, str) or not _SUBJECT.fullmatch(said):
        raise Unauthenticated(
            f"the token's `sub` must have 1 to {LONGEST_SUBJECT} characters of valid Unicode, "
            "without control characters"
        )
    return said


def roles(claims: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """The roles in a claim, which may be a path like `realm_access.roles`; raises Unauthenticated."""
    found: Any = claims.get(name)
    if found is None:
        found = claims
        for step in name.split("."):
            found = found.get(step) if isinstance(found, dict) else None
    listed = [found] if isinstance(found, str) else found
    if not isinstance(listed, list) or not all(isinstance(role, str) for role in listed):
        raise Unauthenticated(f"the token names no role in its claim `{name}`")
    return tuple(listed)
