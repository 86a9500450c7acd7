"""A Belfry server by its address: one operation over HTTP, and what it refuses."""

import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from core.errors import BelfryError, Invalid, Unavailable

if TYPE_CHECKING:
    from aiohttp import ClientSession

DEFAULT_URL = "http://127.0.0.1:8000"
REFUSED = 1
"""Exit code when the server said no."""
PASSING = {"UNAVAILABLE", "RATE_LIMITED", "TIMEOUT", "TOO_MANY_OPERATIONS"}
"""Codes of a state that passes by itself."""
_CONNECT_SECONDS = 10.0
_ANSWER_SECONDS = 120.0
_PATH = "/graphql"


class Refused(BelfryError):
    """The server refused this."""

    code = "REFUSED"

    def __init__(self, *lines: str) -> None:
        super().__init__("; ".join(lines))
        self.lines = lines


@dataclass(frozen=True, slots=True)
class Server:
    """Where it is, who asks, and the connections to it."""

    url: str
    """Without the path of the API."""
    bearer: Callable[[], str | None]
    """A token or an API key; asked again at each connection, since tokens end."""
    http: "ClientSession"

    @classmethod
    @asynccontextmanager
    async def reached(cls, url: str, bearer: Callable[[], str | None]) -> AsyncIterator["Server"]:
        """The server at an address, checked by `address`; nothing is asked yet."""
        from aiohttp import ClientSession, ClientTimeout

        timeout = ClientTimeout(total=_ANSWER_SECONDS, connect=_CONNECT_SECONDS)
        async with ClientSession(timeout=timeout) as http:
            yield cls(url, bearer, http)

    @property
    def headers(self) -> dict[str, str]:
        """What says who asks."""
        bearer = self.bearer()
        return {"Authorization": f"Bearer {bearer}"} if bearer else {}

    async def ask(self, document: str, variables: Mapping[str, object] | None = None) -> Any:  # noqa: ANN401 - JSON
        """The `data` of an operation.

        Raises Refused where an error came with it, also for the `errors` of a mutation's payload,
        and Unavailable where no answer of Belfry's came.
        """
        answer = await self._post({"query": document, "variables": variables or {}})
        if errors := answer.get("errors"):
            raise refusal(errors)
        data: dict[str, Any] = answer["data"]
        if lines := tuple(_mistakes(data)):
            raise Refused(*lines)
        return data

    async def _post(self, body: Mapping[str, object]) -> dict[str, Any]:
        from aiohttp import ClientError

        sent = self.http.post(
            self.url + _PATH, json=body, headers=self.headers, allow_redirects=False
        )
        try:
            async with sent as response:
                status, read = response.status, await response.read()
        except (ClientError, OSError) as error:  # TimeoutError is an OSError
            raise unreachable(self.url, error) from None
        answer = _document(read)
        if not {"data", "errors"} & answer.keys():
            raise strange(self.url, status)
        return answer


def address(said: str) -> str:
    """The address of a server without a path that is the API's own; raises Invalid."""
    parts = _split(said)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Invalid(f"--url takes an address such as {DEFAULT_URL}, not {said!r}")
    return said.rstrip("/").removesuffix(_PATH)


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine."""
    host = _split(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def unreachable(url: str, error: Exception) -> Unavailable:
    """What to say when no connection came about, or one broke."""
    reason = str(error) or type(error).__name__
    return Unavailable(f"{url} can't be reached ({reason}); --url or BELFRY_URL says where it is")


def strange(url: str, status: int) -> Unavailable:
    """What to say when something else than Belfry has answered."""
    return Unavailable(f"{url} answered HTTP {status}, and not as Belfry does")


def reported(url: str, status: int, read: bytes) -> dict[str, Any]:
    """What was answered to a request that is no operation; raises Refused and Unavailable."""
    answer = _document(read)
    if status == 200 and answer:
        return answer
    errors = answer.get("errors")
    raise refusal(errors) if errors else strange(url, status)


def refusal(errors: list[dict[str, Any]]) -> BelfryError:
    """What the errors of an operation amount to: Unavailable if all of them pass by themselves."""
    codes = {(each.get("extensions") or {}).get("code") for each in errors}
    lines = [_line(each) for each in errors]
    if codes <= PASSING:
        return Unavailable("; ".join(lines))
    return Refused(*lines)


def _line(error: dict[str, Any]) -> str:
    code = (error.get("extensions") or {}).get("code", "REFUSED")
    hint = "; --token or BELFRY_TOKEN says who asks" if code == "UNAUTHENTICATED" else ""
    return f"{code}: {error.get('message', 'without a reason')}{hint}"


def _document(read: bytes) -> dict[str, Any]:
    """The JSON object in an answer; empty if it holds none."""
    try:
        found = json.loads(read)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _mistakes(data: Mapping[str, Any]) -> Iterator[str]:
    """The mistakes that payloads tell, each as its field and what to do."""
    for payload in data.values():
        if isinstance(payload, dict):
            for error in payload.get("errors") or ():
                yield f"{_place(error)}: {error['message']}"


def _place(error: Mapping[str, Any]) -> str:
    """The field of a mistake; in a template its part, with line and column."""
    place = [error.get("field") or error.get("part"), error.get("line"), error.get("column")]
    return ":".join(str(each) for each in place if each is not None)


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise Invalid(f"--url is not an address: {error}") from None
