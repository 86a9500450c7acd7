"""Sessions of the console: opened after a sign-in, good for short tokens, ended."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from core import clock, events, seals, tokens
from core.errors import Unauthenticated
from core.parts import Parts
from core.settings import Settings
from models.session import Session
from rules import session as rules
from rules.roles import Role

SIGNED_OUT = "nobody is signed in here, or the session has ended; sign in again"
LONGEST_ID = 100
"""Characters of what a browser shows; ours have 66."""
LONGEST_KEPT = 8_192
"""Characters of an ID token; a longer one is not kept, as no URL could carry it."""
TRIES = 3
_LINE_BYTES, _RANDOM_BYTES = 16, 32
_ID_TOKEN = b"ID token"


@dataclass(frozen=True, slots=True)
class Person:
    """Who signed in, and what for."""

    subject: str
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Fresh:
    """A token for a page, and what the browser is to keep from now on if that changes."""

    session: Session
    token: str
    expires_at: datetime
    new_id: str | None


async def open_session(parts: Parts, person: Person, id_token: str) -> tuple[str, Session]:
    """A session of its own for this sign-in, and the id that the browser keeps."""
    now, line = clock.now(), secrets.token_urlsafe(_LINE_BYTES)
    own = f"{line}.{secrets.token_urlsafe(_RANDOM_BYTES)}"
    last = clock.cut(now + timedelta(hours=parts.settings.session_hours))
    secret = parts.settings.jwt_secret.get_secret_value()
    kept = seals.of_sessions(secret).seal(id_token.encode(), _ID_TOKEN)
    session = Session(
        id=ObjectId(),
        line=_digest(line),
        hash=_digest(own),
        subject=person.subject,
        name=person.name,
        role=person.role,
        created_at=now,
        seen_at=now,
        last_at=last,
        expires_at=rules.ends(now, last, _idle(parts.settings)),
        id_token=kept if len(id_token) <= LONGEST_KEPT else None,
    )
    await session.insert()
    said = {"subject": person.subject, "role": person.role}
    events.emit("session.opened", session_id=str(session.id), **said)
    return own, session


async def current(own: str | None) -> Session | None:
    """Whose session it is that an id would get a token for now."""
    session = await find(own)
    if session is None or own is None:
        return None
    return session if _opens(session, _digest(own), clock.now()) else None


async def find(own: str | None) -> Session | None:
    """The session that an id belongs to, or belonged to at any time; None where there is none."""
    if not own or len(own) > LONGEST_ID or not own.isascii():
        return None
    return await Session.find_one({"line": _digest(_line(own)), "expires_at": {"$gt": clock.now()}})


async def fresh(parts: Parts, own: str | None) -> Fresh:
    """A token for a page of whoever is signed in; raises Unauthenticated.

    The id changes, so that one that was stolen is soon of no use, or found out: a former id that
    comes after its grace, however old it is, ends the session (as RFC 9700, section 4.14.2, has it
    of refresh tokens).
    """
    for _ in range(TRIES):
        session = await find(own)
        if session is None or own is None:
            break
        now, digest = clock.now(), _digest(own)
        if not _opens(session, digest, now):
            await _end(session, "its former id was used")
            break
        if session.hash != digest:
            return _told(parts, session, _successor(parts, own))
        new_id = None if _is_recent(session, now) else _successor(parts, own)
        if await _use(parts.settings, session, new_id, now):
            return _told(parts, session, new_id)
        # Another tab was faster, or the session has just ended.
    raise Unauthenticated(SIGNED_OUT)


async def close(own: str | None, why: str) -> Session | None:
    """End the session that an id opens; None where it opens none."""
    session = await find(own)
    if session is not None:
        await _end(session, why)
    return session


def id_token(parts: Parts, session: Session) -> str | None:
    """The ID token that it was opened by, if it is known still."""
    sealed = session.id_token or ""
    secret = parts.settings.jwt_secret.get_secret_value()
    kept = seals.of_sessions(secret).open(sealed, _ID_TOKEN, longest=2 * LONGEST_KEPT)
    return None if kept is None else kept.decode()


async def _end(session: Session, why: str) -> None:
    result = await Session.get_pymongo_collection().delete_one({"_id": session.id})
    if result.deleted_count:
        ended = {"session_id": str(session.id), "subject": session.subject, "reason": why}
        events.emit("session.closed", **ended)


async def _use(settings: Settings, session: Session, new_id: str | None, now: datetime) -> bool:
    """Note its use and its new id; False where its id is another by now, or it is gone."""
    expires_at = rules.ends(now, session.last_at, _idle(settings))
    change: dict[str, Any] = {"seen_at": now, "expires_at": expires_at}
    if new_id is not None:
        change |= {"hash": _digest(new_id), "former": session.hash, "rotated_at": now}
    wanted = {"_id": session.id, "hash": session.hash}
    result = await Session.get_pymongo_collection().update_one(wanted, {"$set": change})
    return result.matched_count == 1


def _told(parts: Parts, session: Session, new_id: str | None) -> Fresh:
    settings = parts.settings
    now = clock.now()
    ends_at = min(now + rules.TOKEN_LIFETIME, session.last_at)
    token = tokens.sign(
        settings.jwt_secret.get_secret_value(),
        session.subject,
        session.role.value,
        ends_at - now,
        tokens.Expected.by(settings),
    )
    return Fresh(session, token, ends_at.replace(microsecond=0), new_id)


def _opens(session: Session, digest: bytes, now: datetime) -> bool:
    return session.hash == digest or (session.former == digest and _is_recent(session, now))


def _is_recent(session: Session, now: datetime) -> bool:
    return session.rotated_at is not None and now - session.rotated_at < rules.GRACE


def _successor(parts: Parts, own: str) -> str:
    """The id after this one: the same for all tabs that ask at once, so that none locks out another.

    Only who has the secret can tell it; whoever has stolen an id has to come and ask.
    """
    key = parts.settings.jwt_secret.get_secret_value().encode()
    made = hmac.digest(key, b"belfry: the session id after " + own.encode(), hashlib.sha256)
    return f"{_line(own)}.{urlsafe_b64encode(made).decode().rstrip('=')}"


def _line(own: str) -> str:
    """What all ids of a session begin with."""
    return own.partition(".")[0]


def _digest(own: str) -> bytes:
    # Plain SHA-256, as of API keys: nobody tries out 256 random bits.
    return hashlib.sha256(own.encode()).digest()


def _idle(settings: Settings) -> timedelta:
    return timedelta(minutes=settings.session_idle_minutes)
