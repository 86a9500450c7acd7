"""The external sending API (M10): POST /v1/send/{msgId}."""

import asyncio
import re

import aiohttp
import orjson
from yarl import URL

from channels.answer import kept
from channels.channel import Envelope, Outcome, Refused, Retry
from channels.http import bounded, checked_address, host, limits
from channels.sending_verdict import failure, verdict
from channels.token_source import NoToken, TokenSource

KEEP_SECONDS = 4.0
"""How long an idle connection is kept: less than the 5 s after which common servers drop theirs.

A request on a connection that the server is just dropping would end as Unknown.
"""

INT64_MAX = 2**63 - 1

_DIGITS = re.compile(r"[0-9]{1,19}")


class SendingApi:
    """The sending API as a Channel; opens its connections at the first send."""

    name = "sending_api"

    def __init__(self, base_url: str, token: str | TokenSource, concurrency: int) -> None:
        """Raises ConfigurationError for an address or a token that no request could carry."""
        self.concurrency = concurrency
        self._address = checked_address(base_url, "SENDING_API_URL") + "/v1/send/"
        self.provider = host(self._address)
        self._tokens = token if isinstance(token, TokenSource) else TokenSource(token)
        self._slots = asyncio.Semaphore(concurrency)
        self._session: aiohttp.ClientSession | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """Tokens, and what asks for them."""
        return self._tokens.secrets

    async def send(self, envelope: Envelope, timeout_seconds: float) -> Outcome:
        """Try once, within the time given; the outcomes are those of `sending_verdict`.

        The first 401 fetches a fresh token where one is to be had, and the request is repeated.
        """
        if not _is_phone(envelope.address):
            return Refused(
                "address", "a phone number is made of digits", undeliverable=True, asked=False
            )
        try:
            body = orjson.dumps(
                {"id": envelope.number, "phone": int(envelope.address), "text": envelope.text}
            )
        except orjson.JSONEncodeError:
            return Refused("text", "the text is not valid Unicode", asked=False)
        ends = _now() + timeout_seconds
        if not await self._slot(timeout_seconds):
            return Retry("busy", "no connection was free in time", about_provider=False)
        try:
            return await self._exchange(f"{self._address}{envelope.number}", body, ends)
        except (aiohttp.ClientError, OSError) as error:
            return failure(error, kept(f"{type(error).__name__}: {error}", self.secrets))
        finally:
            self._slots.release()

    async def close(self) -> None:
        """Give up the kept connections."""
        await self._tokens.close()
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _slot(self, limit_seconds: float) -> bool:
        """Take a slot; false if none came free in time."""
        if not self._slots.locked():
            return await self._slots.acquire()
        try:
            async with asyncio.timeout(limit_seconds):
                return await self._slots.acquire()
        except TimeoutError:
            return False

    async def _exchange(self, address: str, body: bytes, ends: float) -> Outcome:
        """The request, and once more with a fresh token if its own is not good any more."""
        try:
            token = await self._tokens.usable(ends - _now())
        except NoToken as error:
            return Retry("401", str(error))
        outcome = await self._post(address, body, token, ends)
        if outcome.code != "401" or not self._tokens.renews:
            return outcome
        try:
            token = await self._tokens.after(token, ends - _now())
        except NoToken:
            return outcome
        return await self._post(address, body, token, ends) if ends > _now() else outcome

    async def _post(self, address: str, body: bytes, token: str, ends: float) -> Outcome:
        session = self._session or self._open()
        async with session.post(
            URL(address, encoded=True),
            data=body,
            headers={"Authorization": f"Bearer {token}"} if token else None,
            timeout=limits(ends - _now()),
            allow_redirects=False,
        ) as response:
            answer = await bounded(response)
            return verdict(response.status, response.headers, answer, self.secrets)

    def _open(self) -> aiohttp.ClientSession:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self.concurrency, keepalive_timeout=KEEP_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Content-Type": "application/json", "User-Agent": "belfry"},
        )
        return self._session


def _now() -> float:
    return asyncio.get_running_loop().time()


def _is_phone(address: str) -> bool:
    return bool(_DIGITS.fullmatch(address)) and int(address) <= INT64_MAX
