"""Sealed texts: what Belfry gives out to come back unread and unchanged, like a link in a mail.

AES-SIV (RFC 5297) needs no nonce, so a seal is short, the same text has the same seal, and a key
wears out with no number of mails. Its keys are made of secrets by HKDF (RFC 5869).
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.errors import ConfigurationError
from core.settings import Settings

KEY_BYTES = 32
SHORTEST_SECRET = 32
"""Bytes."""
LONGEST_SEAL = 1_024
"""Characters; what is longer is none of ours."""
LONGEST_URL = 200
"""Characters of PUBLIC_URL: a header with a link behind it must fit a line of 998."""
_OWN = b"belfry: sealed links by LINK_SECRET"
_DERIVED = b"belfry: sealed links by JWT_SECRET"
_SESSIONS = b"belfry: sessions by JWT_SECRET"
_HERE = ("localhost", "127.0.0.1", "::1")


class Seals:
    """Seals by the first of several keys, and opens what any of them has sealed."""

    def __init__(self, keys: Iterable[bytes]) -> None:
        """Keys of 32 bytes."""
        self._keys = [AESSIV(key) for key in keys]

    def seal(self, text: bytes, purpose: bytes) -> str:
        """The text for an URL, unreadable; it opens for the same purpose only."""
        return urlsafe_b64encode(self._keys[0].encrypt(text, [purpose])).decode().rstrip("=")

    def open(self, sealed: str, purpose: bytes, longest: int = LONGEST_SEAL) -> bytes | None:
        """The text, or None if it is no seal of ours, too long, or not for this purpose."""
        if len(sealed) > longest:
            return None
        try:
            raw = urlsafe_b64decode(f"{sealed}{'=' * (-len(sealed) % 4)}")
        except (ValueError, binascii.Error):
            return None
        if urlsafe_b64encode(raw).decode().rstrip("=") != sealed:
            return None  # the same bytes in another spelling
        return next(filter(None, (_opened(key, raw, purpose) for key in self._keys)), None)


def by(settings: Settings) -> Seals | None:
    """The seals of these settings; None where there is no secret to make them by."""
    return _by(settings.link_secret.get_secret_value(), settings.jwt_secret.get_secret_value())


@lru_cache(maxsize=8)
def of_sessions(jwt_secret: str) -> Seals:
    """What seals the parts of a session that only the API may read."""
    return Seals([_key(jwt_secret, _SESSIONS)])


def check(settings: Settings) -> None:
    """Raise ConfigurationError unless links can be made and told, or none are wanted."""
    own = _listed(settings.link_secret.get_secret_value())
    if any(len(secret.encode()) < SHORTEST_SECRET for secret in own):
        raise ConfigurationError(
            f"LINK_SECRET: each secret must hold at least {SHORTEST_SECRET} bytes; make one with "
            "`python3 -c 'import secrets; print(secrets.token_urlsafe(48))'`"
        )
    if not settings.public_url:
        return
    _check_url(settings.public_url)
    if by(settings) is None:
        raise ConfigurationError(
            "PUBLIC_URL is set, but there is no secret to seal links with: set LINK_SECRET, the same "
            "for the API and the workers"
        )


@lru_cache(maxsize=8)
def _by(own: str, jwt_secret: str) -> Seals | None:
    keys = [_key(secret, _OWN) for secret in _listed(own)]
    if jwt_secret:
        # The last one: mails that left before there was a LINK_SECRET are still out there.
        keys.append(_key(jwt_secret, _DERIVED))
    return Seals(keys) if keys else None


def _key(secret: str, context: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=context).derive(secret.encode())


def _opened(key: AESSIV, raw: bytes, purpose: bytes) -> bytes | None:
    try:
        return key.decrypt(raw, [purpose])
    except (InvalidTag, ValueError):
        return None


def _listed(said: str) -> list[str]:
    return [secret for secret in map(str.strip, said.split(",")) if secret]


def _check_url(url: str) -> None:
    try:
        said = urlsplit(url)
        said.port  # noqa: B018 - raises ValueError for what is no port
    except ValueError:
        raise ConfigurationError("PUBLIC_URL is no URL") from None
    safe = said.scheme == "https" or (said.scheme == "http" and said.hostname in _HERE)
    plain = url.isascii() and url.isprintable() and not set(url) & set(' <>"')
    if not (safe and plain and said.hostname) or said.query or said.fragment or said.username:
        raise ConfigurationError(
            "PUBLIC_URL must be like https://belfry.example.com, without a query; http is for "
            "localhost only, as mail providers follow no other links (RFC 8058)"
        )
    if len(url) > LONGEST_URL:
        raise ConfigurationError(f"PUBLIC_URL has at most {LONGEST_URL} characters")
