"""Liveness and readiness, as orchestrators ask for them."""

from starlette.requests import Request
from starlette.responses import JSONResponse

from core import health
from core.parts import Parts


async def live(_: Request) -> JSONResponse:
    """The process answers; whatever else is away, a restart would not help."""
    return JSONResponse({"status": "live"})


async def ready(request: Request) -> JSONResponse:
    """Whether requests can be served now: 503 while MongoDB or Redis is away."""
    parts: Parts = request.app.state.parts
    started = request.app.state.ready.is_set()
    status, body = await health.readiness(parts, started=started)
    return JSONResponse(body, status)
