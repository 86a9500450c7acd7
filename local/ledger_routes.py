"""A ledger over HTTP: read in pages or as a stream, counted, cleared."""

from collections.abc import AsyncIterator

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from core.errors import Invalid
from local.ledger import Ledger

MOST_ENTRIES = 10_000
"""Entries of the ledger in one answer."""


def ledger_routes(ledger: Ledger, below: str = "") -> list[Route]:
    """`/_ledger?after=&limit=` with the counts, `DELETE /_ledger`, all of it at `.ndjson`.

    Each with what distinguishes the service `below` it.
    """
    desk = _Desk(ledger)
    path = f"/_ledger{below}"
    return [
        Route(path, desk.page),
        Route(path, desk.clear, methods=["DELETE"]),
        Route(f"{path}.ndjson", desk.stream),
    ]


def bad_request(error: Invalid) -> Response:
    """What was wrong with a request to one of our desks."""
    return JSONResponse({"code": 1, "message": str(error)}, status_code=400)


class _Desk:
    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def page(self, request: Request) -> Response:
        try:
            limit = _number(request, "limit", 100, MOST_ENTRIES)
            after = _number(request, "after", -1, 2**63)
        except Invalid as error:
            return bad_request(error)
        ledger = self._ledger
        lines = ledger.newest(limit) if after < 0 else ledger.after(after, limit)
        counts = orjson.dumps(
            {"count": ledger.count, "distinct": ledger.distinct, "repeats": ledger.repeats}
        )
        body = counts[:-1] + b',"entries":[' + b",".join(lines) + b"]}"
        return Response(body, media_type="application/json")

    async def stream(self, request: Request) -> Response:
        return StreamingResponse(_chunks(self._ledger), media_type="application/x-ndjson")

    async def clear(self, request: Request) -> Response:
        self._ledger.clear()
        return Response(status_code=204)


async def _chunks(ledger: Ledger) -> AsyncIterator[bytes]:
    for chunk in ledger.chunks():
        yield chunk


def _number(request: Request, name: str, default: int, most: int) -> int:
    raw = request.query_params.get(name)
    if raw is None:
        return default
    if not (raw.isascii() and raw.isdigit() and len(raw) < 20 and int(raw) <= most):
        raise Invalid(f"{name} must be a number from 0 to {most}")
    return int(raw)
