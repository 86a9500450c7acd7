"""Requests as they are, and what comes back."""

import asyncio
import json
from io import BytesIO
from typing import Any

from yarl import URL

from graph.accept import LEGACY, MODERN
from tests.graph.conftest import PATIENCE, Edge, token

JSON = {"Content-Type": "application/json"}
ADMIN = {**JSON, "Authorization": f"Bearer {token('admin')}"}


async def send(
    edge: Edge, method: str = "POST", path: str | URL = "/graphql", **options: Any
) -> tuple[int, dict[str, str], Any]:
    """Status, headers and JSON of an answer; the headers by their names in lower case."""
    options.setdefault("headers", JSON)
    if isinstance(options.get("data"), bytes):
        options["data"] = BytesIO(options["data"])  # aiohttp warns of large ones otherwise
    async with edge.http.request(method, path, **options) as response:
        headers = {name.lower(): value for name, value in response.headers.items()}
        assert headers["content-type"].split(";")[0] in (LEGACY, MODERN)
        raw = await response.read()
        return response.status, headers, json.loads(raw) if raw else None


def code_of(answer: Any) -> Any:
    (error,) = answer["errors"]
    assert error["message"]
    return error["extensions"]["code"]


async def connect(edge: Edge) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A bare connection to the API."""
    host, _, port = edge.address.removeprefix("http://").partition(":")
    return await asyncio.open_connection(host, int(port))


async def exchange(edge: Edge, *said: bytes) -> tuple[int, dict[str, str], bytes]:
    """What the API answers to the bytes, until it closes: status, headers and body."""
    reader, writer = await connect(edge)
    try:
        for part in said:
            writer.write(part)
            await writer.drain()
        async with asyncio.timeout(3 * PATIENCE):
            answer = await reader.read()
    finally:
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    start, *lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(start.split()[1]), headers, body
