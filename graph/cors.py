"""What browsers ask before they let a page of another origin ask (the Fetch standard's CORS)."""

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from graph import rejection
from graph.accept import LEGACY
from graph.rejection import Rejected


def middleware(allowed: tuple[str, ...]) -> Middleware:
    """Lets pages of these origins ask, and read the answers."""
    return Middleware(
        _Cors,
        allow_origins=allowed,
        allow_methods=("GET", "POST"),
        allow_headers=("authorization", "content-type"),
        expose_headers=(
            "ratelimit-limit",
            "ratelimit-remaining",
            "ratelimit-reset",
            "retry-after",
            "x-request-id",
        ),
    )


class _Cors(CORSMiddleware):
    """Starlette's, with refusals in JSON."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """What an OPTIONS request is answered."""
        response = super().preflight_response(request_headers)
        if response.status_code < 400:
            return response
        said = bytes(response.body).decode()
        kept = {n: v for n, v in response.headers.items() if not n.startswith("content-")}
        refused = Rejected(response.status_code, said, headers=kept)
        return rejection.answer(refused, LEGACY, {})
