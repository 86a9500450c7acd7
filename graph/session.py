"""Signing in to the console at an identity provider, over HTTP.

The session is a cookie for these paths' sake only: GraphQL knows nobody by it. A page asks here for
a short token and sends that, as every other client does.
"""

import re
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from core import clock
from core.errors import Forbidden, Unavailable
from core.oidc import Provider
from core.parts import Parts
from core.refusal import Refused
from core.settings import Settings
from graph import gate, rejection, session_page
from graph.accept import LEGACY
from graph.context import Context
from graph.html_page import HEADERS
from graph.rejection import Rejected
from models.session import Session
from rules import session as rules
from rules.session import Place
from services import sessions, sign_ins

COOKIE = "belfry"
FLOW = "belfry-sign-in-"
MOST_FLOWS = 4
"""Sign-ins under way in one browser; more would fill what it sends with each request."""
MOST_DROPPED = 20
"""Of those at once: some proxies take no more than 4 kB of headers from us."""

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


def routes_of_sessions(settings: Settings) -> list[Route]:
    """All of them; raises ConfigurationError where nobody could sign in as it is set up."""
    sign_ins.check(settings)
    return [
        Route("/session", _in_json(status)),
        Route("/session/login", _in_words(login)),
        Route("/session/callback", _in_words(callback)),
        Route("/session/token", _in_json(token), methods=["POST"]),
        Route("/session/logout", _in_json(logout), methods=["POST"]),
    ]


async def status(request: Request) -> Response:
    """Whether people can sign in here, where, and who has."""
    parts, place = await _admitted(request)
    found = await sessions.current(_shown(request, parts, place))
    provider = parts.identity
    said: dict[str, object] = {"provider": provider.host if provider else None}
    return _json({**said, "signedIn": found is not None, **(_person(found) if found else {})})


async def login(request: Request) -> Response:
    """Off to the provider, to come back to `callback` and go on at `next`."""
    parts, place = await _admitted(request)
    provider = _provider(parts)
    if place is None:
        return session_page.not_safe()
    path = rules.next_path(request.query_params.get("next"))
    begun = await sign_ins.begin(parts, provider, path, _back(place))
    response = _redirect(begun.url)
    under_way = _flows(request, place)
    for name in under_way[:MOST_DROPPED] if len(under_way) >= MOST_FLOWS else ():
        _drop(response, place, name)
    seconds = int(rules.FLOW_LIFETIME.total_seconds())
    _keep(response, place, _flow_cookie(place, begun.name), begun.kept, seconds)
    return response


async def callback(request: Request) -> Response:
    """Back from the provider: signed in, or told why not."""
    if request.method != "GET":
        raise Rejected(405, "a sign-in is finished by GET only", headers={"Allow": "GET"})
    parts, place = await _admitted(request)
    provider = _provider(parts)
    if place is None:
        return session_page.not_safe()
    flow = _flow_cookie(place, sign_ins.flow_name(request.query_params.get("state", "")))
    said = dict(request.query_params)
    try:
        done = await sign_ins.finish(parts, provider, said, request.cookies.get(flow), _back(place))
    except Refused as refused:
        response = session_page.refused(refused.why, provider.host)
    else:
        # Never an id that was there before (session fixation).
        await sessions.close(_shown(request, parts, place), "somebody signed in anew")
        response = _redirect(done.path)
        _remember(response, place, done.session, done.own)
    if flow in request.cookies:
        _drop(response, place, flow)
    return response


async def token(request: Request) -> Response:
    """A short token for the page that asks."""
    parts, place = await _admitted(request)
    _check_own(request, place)
    fresh = await sessions.fresh(parts, _shown(request, parts, place))
    told: dict[str, object] = {"token": fresh.token, "expiresAt": fresh.expires_at.isoformat()}
    # For clocks that are wrong.
    told["expiresIn"] = max(0, int((fresh.expires_at - clock.now()).total_seconds()))
    response = _json({**told, **_person(fresh.session)})
    if place and fresh.new_id is not None:
        _remember(response, place, fresh.session, fresh.new_id)
    return response


async def logout(request: Request) -> Response:
    """Nobody is signed in any more, and where to go to sign out at the provider, too."""
    parts, place = await _admitted(request)
    _check_own(request, place)
    closed = await sessions.close(_shown(request, parts, place), "signed out")
    url = None
    if place and closed and parts.identity:
        hint = sessions.id_token(parts, closed)
        url = await parts.identity.goodbye(hint, f"{place.origin}{rules.HOME}")
    response = _json({"next": url})
    if place:
        _drop(response, place, place.cookie(COOKIE))
    return response


async def _admitted(request: Request) -> tuple[Parts, Place | None]:
    """What is there to work with, and where the browser sees it; raises Unavailable and RateLimited.

    All count as operations without a token do, by their address.
    """
    state = request.app.state
    if not state.ready.is_set():
        raise Unavailable
    peer = request.client.host if request.client else None
    await gate.admit(Context(state.parts, peer=peer))
    return state.parts, rules.place(request.url.scheme, request.headers.get("host", ""))


def _provider(parts: Parts) -> Provider:
    if parts.identity is None:
        raise _NotSetUp
    return parts.identity


class _NotSetUp(Exception):
    """There is no provider to sign in at."""


def _check_own(request: Request, place: Place | None) -> None:
    """Refuse what pages of others send (CSRF), beside SameSite; raises Rejected.

    Browsers say with each POST whose page it is; what says nothing has no cookies of anybody's.
    """
    if place is None:
        raise Rejected(403, "sign-in needs https", Forbidden.code)
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site not in (None, "same-origin") or origin not in (None, place.origin):
        raise Rejected(403, "pages of this origin may not ask here", Forbidden.code)


def _back(place: Place) -> str:
    """By Host, which anybody may write; but the provider sends people only where it was told to."""
    return f"{place.origin}/session/callback"


def _flows(request: Request, place: Place) -> list[str]:
    """Cookies of sign-ins under way. Others that begin so are not ours, and may have names that none may have."""
    ours = re.compile(f"{re.escape(place.cookie(FLOW))}[0-9a-f]+")
    return [name for name in request.cookies if ours.fullmatch(name)]


def _flow_cookie(place: Place, name: str) -> str:
    return place.cookie(f"{FLOW}{name}")


def _shown(request: Request, parts: Parts, place: Place | None) -> str | None:
    """The id in the browser; one from when there was a provider is none any more."""
    return request.cookies.get(place.cookie(COOKIE)) if place and parts.identity else None


def _remember(response: Response, place: Place, session: Session, own: str) -> None:
    seconds = int((session.last_at - session.seen_at).total_seconds())
    _keep(response, place, place.cookie(COOKIE), own, seconds)


def _keep(response: Response, place: Place, name: str, value: str, seconds: int) -> None:
    response.set_cookie(
        name, value, max_age=seconds, path="/", secure=place.secure, httponly=True, samesite="lax"
    )


def _drop(response: Response, place: Place, name: str) -> None:
    response.delete_cookie(name, path="/", secure=place.secure, httponly=True, samesite="lax")


def _person(session: Session) -> dict[str, object]:
    return {"subject": session.subject, "name": session.name, "role": session.role.value}


def _json(said: dict[str, object]) -> Response:
    return rejection.json(said, LEGACY, 200, {})


def _redirect(url: str) -> Response:
    return RedirectResponse(url, 303, HEADERS)


def _in_json(endpoint: Endpoint) -> Endpoint:
    """Answers every error as GraphQL does, for programs."""

    @wraps(endpoint)
    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Exception as error:  # noqa: BLE001 - nothing of it may reach the client unmasked
            return rejection.answer(rejection.of(error), LEGACY, {})

    return answer


def _in_words(endpoint: Endpoint) -> Endpoint:
    """Answers every error by a page, for people."""

    @wraps(endpoint)
    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except _NotSetUp:
            return session_page.not_set_up()
        except Refused as refused:
            return session_page.refused(refused.why, request.app.state.parts.identity.host)
        except Exception as error:  # noqa: BLE001 - nothing of it may reach the reader unmasked
            rejected = rejection.of(error)
            return session_page.failed(rejected.status, str(rejected), rejected.headers)

    return answer
