"""Whom a mailing is for: everyone, or those who fit what is said of them.

Between the fields AND, inside one OR. Clients fit any field. Users have no operator code or tags, are
not chosen by time zone, and are never meant unless they are asked for: all of them, or those of a
group.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeAlias

from bson import ObjectId

from core.errors import Invalid, Problem
from rules.locale import covers
from rules.preferences import mutes, muting

VALUES_LIMIT = 1_000
"""Values of one field: there are no more operator codes of three digits."""

Query: TypeAlias = dict[str, Any]
NOBODY: Query = {"_id": {"$in": []}}
ALL = frozenset({"all", "all_users"})


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a mailing is for; one that breaks the rules of `audience` can't be made."""

    all: bool = False
    """Every client."""
    operator_codes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    time_zones: tuple[str, ...] = ()
    locales: tuple[str, ...] = ()
    """A language means its regions too."""
    groups: tuple[str, ...] = ()
    """By name."""
    segments: tuple[str, ...] = ()
    """By name."""
    accepts: str | None = None
    """A topic and a channel, as in `news/email`: those who have not muted it."""
    all_users: bool = False

    def __post_init__(self) -> None:
        """Raise Invalid unless exactly one of everyone and some filter is there."""
        filtered = any(getattr(self, at.name) for at in fields(self) if at.name not in ALL)
        everyone = self.all or self.all_users
        if everyone and filtered:
            raise Invalid("choose either all clients or users or a filter, not both")
        if not everyone and not filtered:
            raise Invalid("give a filter, like tags or groups, or ask for all", Problem.BLANK)


@dataclass(frozen=True, slots=True)
class Known:
    """What the names in an audience stand for; nobody is in what is not known."""

    groups: Mapping[str, ObjectId] = field(default_factory=dict)
    segments: Mapping[str, Audience] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Client:
    """What of a client an audience looks at."""

    operator_code: str
    tags: Collection[str] = ()
    time_zone: str = "UTC"
    locale: str | None = None
    groups: Collection[ObjectId] = ()
    muted: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class User:
    """What of a user an audience looks at."""

    locale: str | None = None
    groups: Collection[ObjectId] = ()
    muted: Collection[str] = ()


NOTHING_KNOWN = Known()


def audience(
    all_clients: bool = False,
    operator_codes: Sequence[str] = (),
    tags: Sequence[str] = (),
    **others: Any,  # noqa: ANN401 - the other fields of Audience
) -> Audience:
    """The audience, each value kept once; raises Invalid.

    Whoever is meant must fit every field that is given, by any of its values. Everyone must be
    asked for, so that a forgotten filter reaches nobody.
    """
    said = {"operator_codes": operator_codes, "tags": tags, **others}
    lists = {name: values_of(it) for name, it in said.items() if name not in {*ALL, "accepts"}}
    return Audience(all=all_clients, **{**said, **lists})


def includes(whom: Audience, client: Client, known: Known = NOTHING_KNOWN) -> bool:
    """Whether a client belongs to the audience."""
    if whom.all_users and not whom.all:
        return False
    segments = _segments(whom, known)
    return (
        (not whom.operator_codes or client.operator_code in whom.operator_codes)
        and (not whom.tags or not set(client.tags).isdisjoint(whom.tags))
        and (not whom.time_zones or client.time_zone in whom.time_zones)
        and _fits(whom, client, known)
        and (not whom.segments or any(includes(one, client, known) for one in segments))
    )


def includes_user(whom: Audience, user: User, known: Known = NOTHING_KNOWN) -> bool:
    """Whether a user belongs to the audience."""
    if whom.all_users:
        return True
    segments = _segments_of_users(whom, known)
    return (
        means_users(whom, known)
        and _fits(whom, user, known)
        and (not segments or any(_fits(one, user, known) for one in segments))
    )


def means_users(whom: Audience, known: Known = NOTHING_KNOWN) -> bool:
    """Whether there can be users in the audience at all."""
    if whom.all_users:
        return True
    if whom.segments:
        return not _of_clients(whom) and bool(_segments_of_users(whom, known))
    return not _of_clients(whom) and bool(whom.groups)


def query(whom: Audience, known: Known = NOTHING_KNOWN) -> Query:
    """The MongoDB filter that finds the clients for which `includes` is true."""
    if whom.all_users and not whom.all:
        return dict(NOBODY)
    own = {"operator_code": whom.operator_codes, "tags": whom.tags, "time_zone": whom.time_zones}
    found: Query = {at: {"$in": list(values)} for at, values in own.items() if values}
    found |= _query(whom, known)
    if whom.segments:
        found["$or"] = [query(one, known) for one in _segments(whom, known)] or [NOBODY]
    return found


def user_query(whom: Audience, known: Known = NOTHING_KNOWN) -> Query | None:
    """The MongoDB filter that finds the users for which `includes_user` is true; None: nobody."""
    if not means_users(whom, known):
        return None
    found = _query(whom, known)
    if whom.segments:
        found["$or"] = [_query(one, known) for one in _segments_of_users(whom, known)]
    return found


def values_of(raw: Sequence[str]) -> tuple[str, ...]:
    """A list of values, each kept once; raises Invalid."""
    if isinstance(raw, str) or not all(isinstance(value, str) for value in raw):
        raise Invalid("give a list of texts")
    if len(raw) > VALUES_LIMIT:
        raise Invalid(f"give at most {VALUES_LIMIT} values", Problem.TOO_MANY)
    return tuple(dict.fromkeys(raw))


def _fits(whom: Audience, one: Client | User, known: Known) -> bool:
    """By what clients and users have both."""
    groups = _group_ids(whom, known)
    tag = one.locale
    return (
        (not whom.groups or not set(one.groups).isdisjoint(groups))
        and (not whom.locales or any(tag and covers(wanted, tag) for wanted in whom.locales))
        and (whom.accepts is None or mutes(one.muted, *_parts(whom.accepts)) is None)
    )


def _query(whom: Audience, known: Known) -> Query:
    found: Query = {}
    if whom.groups:
        found["groups"] = {"$in": _group_ids(whom, known)}
    if whom.locales:
        narrower = [re.compile(f"^{re.escape(wanted)}-") for wanted in whom.locales]
        found["locale"] = {"$in": [*whom.locales, *narrower]}
    if whom.accepts is not None:
        found["muted"] = {"$nin": list(muting(*_parts(whom.accepts)))}
    return found


def _parts(accepts: str) -> tuple[str, str]:
    topic, _, channel = accepts.rpartition("/")
    return topic, channel


def _group_ids(whom: Audience, known: Known) -> list[ObjectId]:
    return [known.groups[name] for name in whom.groups if name in known.groups]


def _segments_of_users(whom: Audience, known: Known) -> list[Audience]:
    """The segments that users can fit: those of a group, or any of their fields in a group."""
    segments = _segments(whom, known)
    return [one for one in segments if (whom.groups or one.groups) and not _of_clients(one)]


def _segments(whom: Audience, known: Known) -> list[Audience]:
    return [known.segments[name] for name in whom.segments if name in known.segments]


def _of_clients(whom: Audience) -> bool:
    return bool(whom.operator_codes or whom.tags or whom.time_zones)
