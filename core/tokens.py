"""Bearer tokens: JSON Web Tokens signed by HS256 (RFC 7519)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import jwt

from core import clock
from core.errors import ConfigurationError, Unauthenticated

ALGORITHM = "HS256"
LEEWAY = timedelta(seconds=10)
KNOWN_TOKENS = 1_024
"""Genuine tokens remembered, because checking a signature takes longer than reading an inbox."""
ENDED = "the token has expired; sign in again"
SHORTEST_SECRET = 32
"""Bytes; RFC 7518 section 3.2 asks for a key as long as the hash."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says of its bearer."""

    subject: str
    role: str
    expires_at: datetime


def sign(secret: str, subject: str, role: str, lifetime: timedelta) -> str:
    """A token for `subject` in `role`; raises ConfigurationError on a missing or short secret."""
    check_secret(secret)
    issued = clock.now()
    claims = {"sub": subject, "role": role, "iat": issued, "exp": issued + lifetime}
    return jwt.encode(claims, secret, algorithm=ALGORITHM)


def verify(secret: str, token: str) -> Claims:
    """The claims of a genuine token in its time; raises Unauthenticated otherwise."""
    claims = _genuine(secret, token)
    if claims.expires_at <= clock.now() - LEEWAY:
        raise Unauthenticated(ENDED)
    return claims


@lru_cache(maxsize=KNOWN_TOKENS)
def _genuine(secret: str, token: str) -> Claims:
    """The claims of a token whose signature holds; what else it says can only come to its end."""
    try:
        claims = jwt.decode(
            token,
            secret,
            algorithms=[ALGORITHM],
            leeway=LEEWAY,
            options={"require": ["exp", "sub"]},
        )
        expires_at = datetime.fromtimestamp(int(claims["exp"]), UTC)
    except jwt.ExpiredSignatureError:
        raise Unauthenticated(ENDED) from None
    except (jwt.InvalidTokenError, ValueError, OverflowError, OSError) as error:
        # Not PyJWT's own: a text that is no Unicode, and an end beyond the calendar.
        raise Unauthenticated(f"the token is not valid: {error}") from None
    role = claims.get("role")
    if not isinstance(role, str):
        raise Unauthenticated("the token names no role in its claim `role`")
    return Claims(claims["sub"], role, expires_at)


def check_secret(secret: str) -> None:
    """Raise ConfigurationError unless the secret is long enough to sign with."""
    if len(secret.encode()) < SHORTEST_SECRET:
        raise ConfigurationError(
            f"JWT_SECRET must hold at least {SHORTEST_SECRET} bytes; make one with "
            "`python3 -c 'import secrets; print(secrets.token_urlsafe(48))'`"
        )
