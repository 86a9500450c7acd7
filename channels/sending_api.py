"""The external sending API (M10): POST /v1/send/{msgId}, and what each of its answers means."""

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache

import aiohttp
import orjson
from yarl import URL

from channels.answer import kept
from channels.channel import Envelope, Outcome, Refused, Retry, Sent, Unknown
from core import clock
from core.errors import ConfigurationError

BODY_LIMIT = 64 * 1024
"""Octets of an answer that are read."""

LONGEST_WISH_SECONDS = 3_600.0
"""The most that a Retry-After can put a message off."""

CONNECT_SECONDS = 10.0
"""The most that is spent on a connection, so that a late one is told from a late answer."""

KEEP_SECONDS = 4.0
"""How long an idle connection is kept: less than the 5 s after which common servers drop theirs.

A request on a connection that the server is just dropping would end as Unknown.
"""

INT64_MAX = 2**63 - 1

_DIGITS = re.compile(r"[0-9]{1,19}")


class SendingApi:
    """The sending API as a Channel; opens its connections at the first send."""

    name = "sending_api"

    def __init__(self, base_url: str, token: str, concurrency: int) -> None:
        """Raises ConfigurationError for an address or a token that no request could carry."""
        self.concurrency = concurrency
        self._address = _checked_address(base_url) + "/v1/send/"
        self._headers = _headers(token.strip())
        self._secrets = (token.strip(),) if token.strip() else ()
        self._session: aiohttp.ClientSession | None = None

    async def send(self, envelope: Envelope, timeout_seconds: float) -> Outcome:
        """Try once, within the time given; the outcomes are those of `verdict` and `_fault`."""
        if not _is_phone(envelope.address):
            return Refused("address", "a phone number is made of digits", undeliverable=True)
        try:
            body = orjson.dumps(
                {"id": envelope.number, "phone": int(envelope.address), "text": envelope.text}
            )
        except orjson.JSONEncodeError:
            return Refused("text", "the text is not valid Unicode")
        try:
            return await self._post(envelope.number, body, timeout_seconds)
        except (aiohttp.ClientError, OSError) as error:
            return _fault(error, kept(f"{type(error).__name__}: {error}", self._secrets))

    async def close(self) -> None:
        """Give up the kept connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _post(self, number: int, body: bytes, timeout_seconds: float) -> Outcome:
        session = self._session or self._open()
        url = URL(f"{self._address}{number}", encoded=True)
        limits = _limits(timeout_seconds)
        async with session.post(url, data=body, timeout=limits, allow_redirects=False) as response:
            answer = await _bounded(response)
            return verdict(response.status, response.headers, answer, self._secrets)

    def _open(self) -> aiohttp.ClientSession:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self.concurrency, keepalive_timeout=KEEP_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=self._headers,
        )
        return self._session


def verdict(
    status: int, headers: Mapping[str, str], body: bytes, secrets: tuple[str, ...] = ()
) -> Outcome:
    """What an answer means for the message; meanings of the statuses by RFC 9110, 15."""
    answer = kept(body.decode("utf-8", "replace"), secrets)
    match status:
        case 200:
            return _by_code(body, answer)
        case 400 | 422:
            return Refused(str(status), answer)
        case 401 | 403:
            return Retry("401", answer)
        case 429 | 503:
            return Retry(str(status), answer, after=wish(headers.get("Retry-After", "")))
        case 408 | 409:
            return Unknown(str(status), answer)
        case _ if 300 <= status < 500:
            return Retry(str(status), answer)
        case _:
            # A gateway's 502 or 504 doesn't say what the API behind it did; nor does a crash.
            return Unknown(str(status), answer)


def wish(retry_after: str) -> float | None:
    """Seconds that a Retry-After asks for, at most an hour; None if it makes no sense.

    Delay or date: RFC 9110, 10.2.3.
    """
    if _DIGITS.fullmatch(retry_after):
        return min(float(retry_after), LONGEST_WISH_SECONDS)
    try:
        moment = parsedate_to_datetime(retry_after)
        seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - clock.now()).total_seconds()
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_WISH_SECONDS)


def _by_code(body: bytes, answer: str) -> Outcome:
    """A 200 counts only with the JSON that the API promises."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Unknown("garbage", answer)
    code = content.get("code") if type(content) is dict else None
    if type(code) is not int:  # JSON's true and 0.0 would pass for the integer that is promised
        return Unknown("garbage", answer)
    return Sent("200", answer) if code == 0 else Retry(f"200:{code}", answer)


def _fault(error: Exception, answer: str) -> Outcome:
    """What a failed exchange means: only before the request was sent is it sure not to count."""
    match error:
        case (
            aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError() | aiohttp.InvalidURL()
        ):
            return Retry("unreachable", answer)
        case TimeoutError():
            return Unknown("timeout", answer)
        case aiohttp.ClientResponseError():
            return Unknown("garbage", answer)
        case _:
            return Unknown("reset", answer)


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    """The answer's body, as far as BODY_LIMIT; what is longer costs its connection."""
    stream = response.content
    body = await stream.read(BODY_LIMIT)
    while not stream.at_eof():
        if len(body) >= BODY_LIMIT:
            response.close()
            break
        body += await stream.read(BODY_LIMIT - len(body))
    return body


@lru_cache(maxsize=16)
def _limits(timeout_seconds: float) -> aiohttp.ClientTimeout:
    # A total of zero would mean none; and aiohttp rounds long limits up to a whole second.
    total = max(timeout_seconds, 0.001)
    return aiohttp.ClientTimeout(
        total=total, connect=min(total / 2, CONNECT_SECONDS), ceil_threshold=float("inf")
    )


def _is_phone(address: str) -> bool:
    return bool(_DIGITS.fullmatch(address)) and int(address) <= INT64_MAX


def _checked_address(base_url: str) -> str:
    try:
        url = URL(base_url)
    except ValueError:
        url = URL()
    if url.scheme not in ("http", "https") or not url.host or url.query_string or url.fragment:
        raise ConfigurationError("SENDING_API_URL: must be an http or https address")
    if url.user or url.password:
        raise ConfigurationError("SENDING_API_URL: must not carry a user or a password")
    return str(url).rstrip("/")


def _headers(token: str) -> dict[str, str]:
    if not (token.isascii() and token.isprintable()):
        raise ConfigurationError("SENDING_API_TOKEN: must be plain ASCII")
    headers = {"Content-Type": "application/json", "User-Agent": "belfry"}
    return headers | ({"Authorization": f"Bearer {token}"} if token else {})
