"""Fresh tokens from an OAuth2 server by client credentials: RFC 6749, 4.4."""

import asyncio
import re
from base64 import b64encode
from collections import deque
from urllib.parse import quote_plus

import aiohttp
import orjson

from channels.http import bounded, checked_address, limits
from core.errors import ConfigurationError

FETCH_SECONDS = 10.0
"""Limit for one request for a token."""

REMEMBERED = 8
"""Tokens that are blotted out of answers: an old one may be echoed late."""

_FORM = b"grant_type=client_credentials"
_TOKEN = re.compile(r"[!-~]{1,4096}")  # servers commonly take 8 kB of headers


class NoToken(Exception):
    """The token server gave none; the text says why and holds no secret."""


class TokenSource:
    """The token in use and, where an address is set, the way to the next one.

    Sends that need a fresh token at the same time share one request for it.
    """

    def __init__(
        self, token: str, url: str = "", client_id: str = "", client_secret: str = ""
    ) -> None:
        """Begin with this token; raises ConfigurationError for what no request could carry."""
        self.token = _checked(token.strip())
        self._url = checked_address(url, "SENDING_API_TOKEN_URL") if url else ""
        if url and not client_id:
            raise ConfigurationError("SENDING_API_CLIENT_ID: is needed to ask for tokens")
        self._credentials = _basic(client_id, client_secret)
        self._fixed = _forms_of(client_secret, self._credentials)
        self._tokens = deque([self.token] if self.token else [], REMEMBERED)
        self._ends: float | None = None
        self._fetching: asyncio.Task[str] | None = None
        self.secrets = self._secrets()
        """All that must be blotted out of answers, the longest first."""

    @property
    def renews(self) -> bool:
        """Whether there is a server to ask."""
        return bool(self._url)

    async def usable(self, limit_seconds: float) -> str:
        """A token that may be tried: fetched first if there is none or its time is over.

        Without a server it is the one given, or empty. Raises NoToken.
        """
        over = self._ends is not None and asyncio.get_running_loop().time() >= self._ends
        if self.renews and (over or not self.token):
            return await self.after(self.token, limit_seconds)
        return self.token

    async def after(self, refused: str, limit_seconds: float) -> str:
        """The token that follows a refused one, within the time given; raises NoToken."""
        if not self.renews:
            raise NoToken("there is no token server")
        if self.token == refused:
            await self._fetched(limit_seconds)
        return self.token

    async def close(self) -> None:
        """Give up a request under way."""
        task, self._fetching = self._fetching, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _fetched(self, limit_seconds: float) -> None:
        """Wait for the shared request; it goes on for the others if this one's time is over."""
        task = self._fetching
        if task is None or task.done():
            task = self._fetching = asyncio.create_task(self._fetch())
        done, _ = await asyncio.wait([task], timeout=max(limit_seconds, 0))
        if not done:
            raise NoToken("the token server took too long")
        if task.cancelled():
            raise NoToken("the channel was closed")
        if problem := task.result():
            raise NoToken(problem)

    async def _fetch(self) -> str:
        """Take a fresh token; says what was in the way, because nobody may be left to catch."""
        try:
            status, body = await self._ask()
        except Exception as error:  # noqa: BLE001 - what else it raises would pass for a send's
            # Only the kind: the text could repeat what the server has echoed.
            return f"the token server failed: {type(error).__name__}"
        if status != 200:
            return f"the token server answered {status}"
        granted = _granted(body)
        if granted is None:
            return "the token server's answer has no Bearer token in it"
        self._take(*granted)
        return ""

    async def _ask(self) -> tuple[int, bytes]:
        headers = {
            "Authorization": f"Basic {self._credentials}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
            "User-Agent": "belfry",
        }
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), headers=headers) as session,
            session.post(
                self._url, data=_FORM, timeout=limits(FETCH_SECONDS), allow_redirects=False
            ) as response,
        ):
            return response.status, await bounded(response)

    def _take(self, token: str, seconds: float | None) -> None:
        self.token = token
        self._ends = None if seconds is None else asyncio.get_running_loop().time() + seconds
        if token not in self._tokens:
            self._tokens.append(token)
        self.secrets = self._secrets()

    def _secrets(self) -> tuple[str, ...]:
        return tuple(sorted({*self._tokens, *self._fixed}, key=len, reverse=True))


def _checked(token: str) -> str:
    """The token itself; raises ConfigurationError if no header could carry it."""
    if not (token.isascii() and token.isprintable()):
        raise ConfigurationError("SENDING_API_TOKEN: must be plain ASCII")
    return token


def _granted(body: bytes) -> tuple[str, float | None] | None:
    """The token and for how many seconds it is good, by RFC 6749, 5.1; None for anything else."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if type(content) is not dict:
        return None
    kind = content.get("token_type", "Bearer")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        return None
    token, seconds = content.get("access_token"), content.get("expires_in")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        return None
    return token, float(seconds) if isinstance(seconds, int | float) and seconds > 0 else None


def _basic(client_id: str, client_secret: str) -> str:
    """What HTTP Basic carries: RFC 6749, 2.3.1, encodes both parts first."""
    pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}"
    return b64encode(pair.encode("ascii")).decode("ascii")


def _forms_of(secret: str, credentials: str) -> tuple[str, ...]:
    return (secret, quote_plus(secret), credentials) if secret else ()
