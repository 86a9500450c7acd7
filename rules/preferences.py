"""What recipients want to hear nothing of: topics and channels that they have muted (X8).

An entry reads `topic/channel`; `*` on either side stands for any. A topic is the key of a kind of
notification, or any other key that a mailing or a send names.
"""

from collections.abc import Collection, Iterable
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeAlias

from core.errors import Invalid, Problem
from rules import addresses

Stages: TypeAlias = list[dict[str, Any]]

ANY = "*"
MOST = 200
"""Entries of one recipient."""


class Outlet(StrEnum):
    """Where something can reach a recipient: the inbox, or a channel by its name."""

    IN_APP = "in_app"
    SENDING_API = "sending_api"
    EMAIL = "email"
    TELEGRAM = "telegram"
    WHATSAPP = "whatsapp"
    VIBER = "viber"


def topic(raw: object) -> str:
    """A topic, as in `promo`; raises Invalid."""
    return addresses.key(raw)


def entry(said_topic: str | None, channel: str | None) -> str:
    """The entry that mutes a topic by a channel; None stands for any. Raises Invalid."""
    return f"{ANY if said_topic is None else topic(said_topic)}/{_channel(channel)}"


def parts(said: str) -> tuple[str | None, str | None]:
    """Topic and channel of an entry; None stands for any."""
    said_topic, _, channel = said.partition("/")
    return None if said_topic == ANY else said_topic, None if channel == ANY else channel


def checked(entries: Iterable[str]) -> tuple[str, ...]:
    """The entries in order, each once; raises Invalid."""
    found = sorted({entry(*parts(said)) for said in entries})
    if len(found) > MOST:
        message = f"are {len(found)}; mute at most {MOST}, or a whole channel"
        raise Invalid(message, Problem.TOO_MANY)
    return tuple(found)


@lru_cache(maxsize=512)
def muting(said_topic: str | None, channel: str) -> tuple[str, ...]:
    """The entries of which each mutes this topic by this channel, the most special one first.

    What has no topic is muted only with all others of its channel.
    """
    topics = (ANY,) if said_topic is None else (said_topic, ANY)
    return tuple(f"{one}/{way}" for one in topics for way in (channel, ANY))


def mutes(muted: Collection[str], said_topic: str | None, channel: str) -> str | None:
    """The entry among those muted that mutes this topic by this channel, if any does."""
    return next((one for one in muting(said_topic, channel) if one in muted), None)


def change(muted: Collection[str], unmuted: Collection[str], most: int = MOST) -> Stages:
    """The update that adds entries to a recipient's and takes others out.

    With more than `most` after it nothing changes.
    """
    before = {"$ifNull": ["$muted", []]}
    kept = {"$setDifference": [before, {"$literal": list(unmuted)}]}
    added = {"$setUnion": [kept, {"$literal": list(muted)}]}
    ordered = {"$sortArray": {"input": added, "sortBy": 1}}
    fits = {"$cond": [{"$lte": [{"$size": "$$new"}, most]}, "$$new", before]}
    return [{"$set": {"muted": {"$let": {"vars": {"new": ordered}, "in": fits}}}}]


def replace(muted: Collection[str]) -> Stages:
    """The update that makes these entries all there are."""
    return [{"$set": {"muted": {"$literal": list(muted)}}}]


def _channel(said: str | None) -> str:
    if said is None:
        return ANY
    if said not in set(Outlet):
        raise Invalid(f"name a channel: {', '.join(Outlet)}")
    return said
