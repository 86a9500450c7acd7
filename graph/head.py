"""The head of a request by HTTP/1.1: whom it asks, and whether it asks for a socket."""

import re
from collections.abc import Sequence
from typing import TypeAlias

Headers: TypeAlias = Sequence[tuple[bytes, bytes]]
"""Names in lower case, as uvicorn has them."""

_HOST = re.compile(rb"[A-Za-z0-9._~!$&'()*+,;=%:\[\]-]*")
_HOSTLESS = ("0.9", "1.0")


def fault(version: str, headers: Headers) -> str | None:
    """What makes it a bad request whatever it asks (RFC 9112, section 3.2); None if nothing does."""
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) > 1 or not (hosts or version in _HOSTLESS):
        return "a request has one Host header"
    if not all(map(_HOST.fullmatch, hosts)):
        return "the Host header is none"
    return None


def size(url: bytes, headers: Headers) -> int:
    """Its bytes, but for the few that every head has."""
    return len(url) + sum(len(name) + len(value) + len(b": \r\n") for name, value in headers)


def opens_socket(method: bytes, version: str, headers: Headers) -> bool:
    """Whether it is an upgrade to a WebSocket (RFC 6455, section 4.1), which has no body."""
    said = dict(headers)
    return (
        method == b"GET"
        and version == "1.1"
        and said.get(b"upgrade", b"").strip().lower() == b"websocket"
        and b"transfer-encoding" not in said
        and said.get(b"content-length", b"0") == b"0"
    )


def without_upgrade(method: bytes, url: bytes, version: str, headers: Headers) -> bytes:
    """The same again as it would be said without `Upgrade`."""
    lines = [b"%s %s HTTP/%s" % (method, url, version.encode())]
    lines += [b"%s: %s" % header for header in headers if header[0] != b"upgrade"]
    return b"\r\n".join([*lines, b"", b""])
