"""Links by which recipients end mails, and what becomes of who follows them (RFC 8058)."""

from dataclasses import dataclass

from bson import ObjectId

from core import clock, events, seals
from core.errors import Invalid, InvalidInput
from core.settings import Settings
from rules import preferences, unsubscribing
from rules.suppression import Reason
from rules.unsubscribing import PURPOSE, Link, Whom
from services import suppressions
from services.preferences import Owner, Whose, muted, write

PATH = "/unsubscribe/"
ROOM = 10 * preferences.MOST
"""Entries that somebody may come to have by links: whoever unsubscribes is not told to tidy up."""


@dataclass(frozen=True, slots=True)
class State:
    """What a recipient gets of the link's topic, and of all there is by its channel."""

    unsubscribed: bool
    from_everything: bool


def url(settings: Settings, link: Link) -> str:
    """The link as an URL; empty without PUBLIC_URL."""
    sealing = seals.by(settings) if settings.public_url else None
    if sealing is None:
        return ""
    base = settings.public_url.rstrip("/")
    return f"{base}{PATH}{sealing.seal(unsubscribing.packed(link), PURPOSE)}"


def read(settings: Settings, token: str) -> Link | None:
    """What a link says; None if it is none of ours."""
    sealing = seals.by(settings)
    raw = None if sealing is None else sealing.open(token, PURPOSE)
    try:
        return None if raw is None else unsubscribing.unpacked(raw)
    except Invalid:
        return None


async def state(link: Link) -> State:
    """What the recipient gets just now; one that is gone gets nothing."""
    if link.whom is Whom.ADDRESS:
        found = await suppressions.listed(link.channel, [link.key])
        return State(bool(found), Reason.UNSUBSCRIBED in found.values())
    try:
        entries = await muted(_owner(link))
    except InvalidInput:
        return State(unsubscribed=True, from_everything=True)
    whole = preferences.mutes(entries, None, link.channel) is not None
    return State(preferences.mutes(entries, link.topic, link.channel) is not None, whole)


async def unsubscribe(link: Link, *, everything: bool) -> None:
    """End the mails of the link's topic, or all of its channel; a repeat changes nothing.

    An address that belongs to nobody we know goes onto the suppression list, which knows no topics.
    """
    if link.whom is Whom.ADDRESS:
        await suppressions.unsubscribe(link.channel, link.key, clock.now())
    else:
        entry = link.everything if everything else link.entry
        await write(_owner(link), preferences.change([entry], [], ROOM), upsert=False)
    events.emit("recipient.unsubscribed", **_said(link), everything=everything)


async def resubscribe(link: Link) -> None:
    """Undo it, so far as a link can have done it."""
    if link.whom is Whom.ADDRESS:
        await suppressions.resubscribe(link.channel, link.key)
    else:
        both = [link.entry, link.everything]
        await write(_owner(link), preferences.change([], both, ROOM), upsert=False)
    events.emit("recipient.resubscribed", **_said(link), everything=True)


def _owner(link: Link) -> Owner:
    return Owner(Whose.USER if link.whom is Whom.USER else Whose.CLIENT, ObjectId(link.key))


def _said(link: Link) -> dict[str, str | None]:
    name = "address" if link.whom is Whom.ADDRESS else f"{_owner(link).whose}_id"
    return {name: link.key, "topic": link.topic, "channel": link.channel}
