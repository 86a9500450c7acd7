"""What a request asks for: an operation in the URL of a GET, or in the JSON body of a POST."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from strawberry.http.websocket_origin import normalize_allowed_origins

from core.errors import ConfigurationError, Forbidden
from core.settings import Settings
from graph import gate, incoming
from graph.accept import LEGACY
from graph.asked import request_id
from graph.rejection import Rejected

MOST_PARAMETERS = 20
_FOREIGN = ("cross-site", "same-site")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_BAD_JSON = "{} is not JSON in UTF-8, says a name twice, or is nested too deeply"


@dataclass(frozen=True, slots=True)
class Operation:
    """What a client asks to be executed."""

    query: str
    variables: dict[str, Any] | None
    name: str | None


@cache
def origins(said: str) -> tuple[str, ...]:
    """ALLOWED_ORIGINS as browsers write them; raises ConfigurationError."""
    try:
        return tuple(normalize_allowed_origins(filter(None, map(str.strip, said.split(",")))))
    except ValueError as error:
        raise ConfigurationError(f"ALLOWED_ORIGINS: {error}") from None


def name(request: Request) -> str:
    """The request's id: that of a proxy before us, if it is a plain one, else one of our own."""
    said = request.headers.get("x-request-id", "")
    return said if _NAME.fullmatch(said) else request_id()


def check(request: Request, settings: Settings) -> None:
    """Refuse what is wrong before any of the body is read; raises Rejected."""
    check_sender(request, settings)
    if request.method == "POST":
        _check_content_type(request.headers.get("content-type", ""))
        _check_coding(request.headers.get("content-encoding", ""))


def parameters(request: Request, most: int) -> list[tuple[str, str]]:
    """Those of the URL in their order; raises Rejected."""
    raw: bytes = request.scope["query_string"]
    try:
        return parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=most
        )
    except ValueError:
        raise Rejected(400, "the URL's parameters are too many, or not in UTF-8") from None


def read(request: Request, body: bytearray, settings: Settings) -> Operation:
    """The operation; raises Rejected, or what the gate raises about its document."""
    said = _json("the body", body) if request.method == "POST" else _parameters(request)
    if not isinstance(said, dict):
        raise Rejected(400, 'send one JSON object, like {"query": "{ __typename }"}')
    _check_types(said)
    return Operation(
        gate.document(settings, said), said.get("variables"), said.get("operationName") or None
    )


def check_sender(request: Request, settings: Settings) -> None:
    """Refuse a browser that asks for a page of another origin; raises Rejected."""
    allowed = origins(settings.allowed_origins)
    # A page may send simple requests anywhere (CSRF). Browsers tell when it is another's page.
    foreign = request.headers.get("sec-fetch-site") in _FOREIGN
    if foreign and "*" not in allowed and request.headers.get("origin") not in allowed:
        raise Rejected(403, "pages of this origin may not ask here", Forbidden.code)


def _check_content_type(said: str) -> None:
    # A form or plain text could come from any page by a browser's simple request (CSRF).
    media_type, _, parameters = said.lower().partition(";")
    if media_type.strip() != LEGACY:
        named = media_type.strip() or "nothing"
        raise Rejected(415, f"send the operation as {LEGACY}, not {named}")
    _, _, charset = parameters.partition("charset=")
    if charset.strip().strip('"') not in ("", "utf-8"):
        raise Rejected(415, "send the operation in UTF-8")


def _check_coding(said: str) -> None:
    # A few kilobytes could unfold to gigabytes.
    if said.strip().lower() not in ("", "identity"):
        raise Rejected(415, "send the body as it is", headers={"Accept-Encoding": "identity"})


def _parameters(request: Request) -> dict[str, Any]:
    """Those of the URL; `variables` and `extensions` are JSON there."""
    pairs = parameters(request, MOST_PARAMETERS)
    said: dict[str, Any] = dict(pairs)
    if len(said) < len(pairs):
        raise Rejected(400, "the URL has a parameter twice")
    for name in ("variables", "extensions"):
        said[name] = _json(f"`{name}`", said[name].encode()) if said.get(name) else None
    return said


def _json(what: str, raw: bytes | bytearray) -> Any:  # noqa: ANN401 - whatever JSON says
    try:
        return incoming.read(raw)
    except ValueError:
        raise Rejected(400, _BAD_JSON.format(what)) from None


def _check_types(said: Mapping[str, Any]) -> None:
    for name in ("variables", "extensions"):
        if not isinstance(said.get(name), dict | None):
            raise Rejected(400, f"`{name}` must be an object or null")
    if not isinstance(said.get("operationName"), str | None):
        raise Rejected(400, "`operationName` must be a text or null")
