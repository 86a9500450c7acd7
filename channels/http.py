"""What the channels over HTTP share: checked addresses, limits in time, bounded bodies."""

from functools import lru_cache

import aiohttp
from yarl import URL

from core.errors import ConfigurationError

BODY_LIMIT = 64 * 1024
"""Octets of an answer that are read."""

CONNECT_SECONDS = 10.0
"""The most that is spent on a connection, so that a late one is told from a late answer."""

NEVER_SENT = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
)
"""Failures that come before a request has left."""


def checked_address(address: str, setting: str) -> str:
    """The address without a slash at its end; raises ConfigurationError naming the setting."""
    try:
        url = URL(address)
    except ValueError:
        url = URL()
    if url.scheme not in ("http", "https") or not url.host or url.query_string or url.fragment:
        raise ConfigurationError(f"{setting}: must be an http or https address")
    if url.user or url.password:
        raise ConfigurationError(f"{setting}: must not carry a user or a password")
    return str(url).rstrip("/")


def host(address: str) -> str:
    """Who is asked at a checked address."""
    return URL(address).host or ""


def limits(timeout_seconds: float) -> aiohttp.ClientTimeout:
    """The limits of one request, which may take up to 10 ms less than was given."""
    return _limits(max(int(timeout_seconds * 100) / 100, 0.001))


@lru_cache(maxsize=256)
def _limits(total: float) -> aiohttp.ClientTimeout:
    # A total of zero would mean none; and aiohttp rounds long limits up to a whole second.
    return aiohttp.ClientTimeout(
        total=total, connect=min(total / 2, CONNECT_SECONDS), ceil_threshold=float("inf")
    )


async def bounded(response: aiohttp.ClientResponse) -> bytes:
    """The answer's body, as far as BODY_LIMIT; what is longer costs its connection."""
    stream = response.content
    body = await stream.read(BODY_LIMIT)
    while not stream.at_eof():
        if len(body) >= BODY_LIMIT:
            response.close()
            break
        body += await stream.read(BODY_LIMIT - len(body))
    return body
