"""What people read who could not be signed in: what happened, and what to do."""

from collections.abc import Mapping
from html import escape

from starlette.responses import Response

from core.refusal import Refusal
from graph import html_page

_AGAIN = '<p><a href="/session/login">Sign in again</a></p>'
_WORDS: Mapping[Refusal, tuple[int, str, str]] = {
    Refusal.AWAY: (
        503,
        "The sign-in service does not answer",
        "<p>Belfry could not reach <b>{host}</b>, where you sign in. Please try again in a minute; if that "
        "does not help, tell whoever runs it.</p>" + _AGAIN,
    ),
    Refusal.STALE: (
        400,
        "This sign-in can’t be finished",
        "<p>It took too long, was finished already, or was begun in another browser. If this happens each "
        "time, let your browser keep cookies for this site.</p>" + _AGAIN,
    ),
    Refusal.CANCELLED: (
        403,
        "You did not sign in",
        "<p>The sign-in was cancelled at <b>{host}</b>, or you are not allowed in there.</p>"
        + _AGAIN,
    ),
    Refusal.USED_UP: (
        400,
        "This sign-in can’t be finished",
        "<p><b>{host}</b> does not accept it any more: it was used already, or took too long.</p>"
        + _AGAIN,
    ),
    Refusal.MISCONFIGURED: (
        502,
        "Belfry is not set up for this sign-in service",
        "<p><b>{host}</b> refused what Belfry asked for. Whoever runs Belfry finds the reason in its log "
        "(<code>session.refused</code>) and compares the <code>OIDC_…</code> settings with the client’s "
        "there.</p>" + _AGAIN,
    ),
    Refusal.NOT_GENUINE: (
        502,
        "This sign-in could not be verified",
        "<p>What came back is not what <b>{host}</b> should have said, so nobody was signed in. Whoever runs "
        "Belfry finds the reason in its log (<code>session.refused</code>).</p>" + _AGAIN,
    ),
    Refusal.CLOCK: (
        502,
        "The clocks differ",
        "<p>The clocks of Belfry and of <b>{host}</b> differ by more than a minute, so the sign-in "
        "could not be verified. Whoever runs Belfry should set its clock.</p>" + _AGAIN,
    ),
    Refusal.NO_ROLE: (
        403,
        "You have no role here",
        "<p>You are signed in at <b>{host}</b>, but nobody has given you a role in Belfry. Ask whoever runs "
        "it for one (<code>OIDC_ROLES</code>), then sign in again.</p>" + _AGAIN,
    ),
}


def refused(why: Refusal, host: str) -> Response:
    """Why nobody was signed in at the provider on this host."""
    status, title, words = _WORDS[why]
    headers = {"Retry-After": "10"} if status == 503 else {}
    return html_page.answer(status, title, words.format(host=escape(host)), headers)


def not_set_up() -> Response:
    """There is no provider."""
    words = (
        "<p>No identity provider is set up here: set <code>OIDC_URL</code>, or use a token, such as the "
        "link that <code>belfry up</code> prints.</p>"
    )
    return html_page.answer(404, "Nobody can sign in here", words)


def not_safe() -> Response:
    """Whoever listens on the way could take the session."""
    words = (
        "<p>Sign-in needs <b>https</b>. Behind a proxy that has it, the proxy must send "
        "<code>X-Forwarded-Proto</code>, and <code>FORWARDED_ALLOW_IPS</code> must name its address.</p>"
    )
    return html_page.answer(400, "This connection is not safe", words)


def failed(status: int, message: str, headers: Mapping[str, str]) -> Response:
    """Anything else, said as elsewhere."""
    return html_page.answer(status, "That did not work", f"<p>{escape(message)}</p>", headers)
