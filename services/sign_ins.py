"""Signing in to the console: begun here, done at the provider, ended here."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from core import clock, events, oidc, seals, tokens
from core.errors import ConfigurationError, Invalid, Unauthenticated
from core.oidc import Proofs, Provider
from core.parts import Parts
from core.refusal import Refusal, Refused, meaning
from core.settings import Settings
from models.session import Session
from rules import session as rules
from rules.roles import KEY_SUBJECT
from services import sessions
from services.sessions import Person

LONGEST_FLOW = 2_048
"""Characters of what a browser keeps of a sign-in under way."""
LONGEST_NAME = 200
_RANDOM_BYTES = 32
_PURPOSE = b"sign-in"


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in under way: where the browser goes, and what it keeps meanwhile under a name."""

    url: str
    name: str
    kept: str


@dataclass(frozen=True, slots=True)
class Done:
    """Somebody is signed in: the id for the browser, the session, and where to go on."""

    own: str
    session: Session
    path: str


def check(settings: Settings) -> None:
    """Raise ConfigurationError where nobody could sign in as it is set up."""
    oidc.check(settings)
    try:
        rules.roles_by_name(settings.oidc_roles)
    except Invalid as error:
        raise ConfigurationError(f"OIDC_ROLES: {error}") from None


async def begin(parts: Parts, provider: Provider, path: str, back: str) -> Begun:
    """Begin to sign in, to come back to the URL `back` and go on at `path`; raises Refused."""
    proofs = Proofs(*(secrets.token_urlsafe(_RANDOM_BYTES) for _ in range(3)))
    until = (clock.now() + rules.FLOW_LIFETIME).timestamp()
    flow = {**asdict(proofs), "path": path, "until": until}
    kept = _seals(parts).seal(orjson.dumps(flow), _PURPOSE)
    return Begun(await provider.begin(proofs, back), flow_name(proofs.state), kept)


async def finish(
    parts: Parts, provider: Provider, said: Mapping[str, str], kept: str | None, back: str
) -> Done:
    """Sign in whoever came back with these parameters; raises Refused, which is on record."""
    try:
        if "error" in said and "state" not in said:
            # Some providers leave it out, against RFC 6749, and nothing follows from an error.
            raise Refused(meaning(said["error"]), said["error"])
        flow = _opened(parts, said.get("state"), kept)
        proofs = Proofs(flow["state"], flow["nonce"], flow["verifier"])
        claims, id_token = await provider.finish(said, proofs, back)
        person = _person(parts.settings, claims)
    except Refused as refused:
        events.emit("session.refused", reason=refused.why.value, detail=refused.detail)
        raise
    own, session = await sessions.open_session(parts, person, id_token)
    return Done(own, session, flow["path"])


def flow_name(state: str) -> str:
    """Tells sign-ins apart that several tabs have begun."""
    return hashlib.sha256(state.encode()).hexdigest()[:12]


def _opened(parts: Parts, state: str | None, kept: str | None) -> dict[str, Any]:
    """What was kept of the sign-in with this state; raises Refused."""
    opened = _seals(parts).open(kept or "", _PURPOSE, longest=LONGEST_FLOW)
    if opened is None or state is None:
        raise Refused(Refusal.STALE, "no sign-in was begun in this browser")
    flow: dict[str, Any] = orjson.loads(opened)
    if not hmac.compare_digest(flow["state"].encode(), state.encode()):
        raise Refused(Refusal.STALE, "another state than the one begun with")
    if flow["until"] < clock.now().timestamp():
        raise Refused(Refusal.STALE, "it took too long")
    return flow


def _person(settings: Settings, claims: Mapping[str, Any]) -> Person:
    """Who that is here; raises Refused."""
    try:
        subject = tokens.subject(claims["sub"])
    except Unauthenticated as error:
        raise Refused(Refusal.NOT_GENUINE, str(error)) from None
    if subject.startswith(KEY_SUBJECT):
        raise Refused(Refusal.NOT_GENUINE, f"its `sub` begins with {KEY_SUBJECT}")
    claim = settings.oidc_role_claim
    try:
        names = tokens.roles(claims, claim) if rules.is_vouched(claim, claims) else ()
    except Unauthenticated:
        names = ()
    role = rules.role_of(names, rules.roles_by_name(settings.oidc_roles))
    if role is None:
        told = f"`{claim}` of {subject} names {', '.join(names) or 'nothing'}"
        raise Refused(Refusal.NO_ROLE, _unicode(told))
    return Person(subject, _name(claims, subject), role)


def _name(claims: Mapping[str, Any], subject: str) -> str:
    said = (claims.get(claim) for claim in ("name", "preferred_username", "email"))
    texts = (" ".join(_unicode(one).split()) for one in said if isinstance(one, str))
    return next((text[:LONGEST_NAME] for text in texts if text), subject)


def _unicode(said: str) -> str:
    """JSON may have halves of characters, which neither MongoDB nor the log takes."""
    return said.encode(errors="replace").decode()


def _seals(parts: Parts) -> seals.Seals:
    return seals.of_sessions(parts.settings.jwt_secret.get_secret_value())
