"""The emulated token server of the sending API: `POST /oauth/token`, and its desk `/_tokens`."""

import asyncio
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from core.errors import Invalid
from local.faults import LONGEST_SECONDS, Faults
from local.tokens import Tokens


class TokenServer:
    """Issues tokens to any client that gives a name and a secret, as the knobs allow."""

    def __init__(self, tokens: Tokens, faults: Callable[[], Faults]) -> None:
        """Issue into these tokens; the knobs are looked up at each request."""
        self._tokens = tokens
        self._faults = faults

    def routes(self) -> list[Route]:
        """`POST /oauth/token`; `GET /_tokens` counts, `DELETE /_tokens` makes all expire."""
        return [
            Route("/oauth/token", self._issue, methods=["POST"]),
            Route("/_tokens", self._counts),
            Route("/_tokens", self._expire, methods=["DELETE"]),
        ]

    async def _issue(self, request: Request) -> Response:
        form = await request.body()
        self._tokens.asked_for += 1
        faults = self._faults()
        if faults.latency_seconds:
            await asyncio.sleep(faults.latency_seconds)
        if faults.down:
            return JSONResponse({"error": "temporarily_unavailable"}, 503)
        match faults.token_fault:
            case "error":
                return JSONResponse({"error": "server_error"}, 500)
            case "refuse":
                return JSONResponse({"error": "invalid_client"}, 401)
            case "garbage":
                return HTMLResponse("<html><body><h1>Sign in</h1></body></html>")
            case "hang":
                return await _nothing(request)
            case "":
                return self._answer(request, form, faults.token_seconds)

    def _answer(self, request: Request, form: bytes, seconds: int) -> Response:
        authorization = request.headers.get("authorization", "").encode("latin-1")
        try:
            return JSONResponse(self._tokens.issue(authorization, form, seconds))
        except Invalid as error:
            return JSONResponse({"error": str(error)}, 400)

    async def _counts(self, request: Request) -> Response:
        tokens = self._tokens
        return JSONResponse(
            {
                "asked_for": tokens.asked_for,
                "issued": tokens.issued,
                "valid": tokens.valid,
                "expiries": tokens.expiries,
            }
        )

    async def _expire(self, request: Request) -> Response:
        self._tokens.expire()
        return Response(status_code=204)


async def _nothing(request: Request) -> Response:
    """An answer that nobody waits for any more."""
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            while (await request.receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        pass
    return Response(status_code=504)
