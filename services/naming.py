"""Names of groups and segments: what they stand for, and that they stay while they are used."""

from typing import Any

from beanie import PydanticObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from core import clock
from core.errors import Checklist, Problem
from models.group import Group
from models.mailing import AudienceFilter, Names
from models.segment import Segment
from rules import audience
from rules.audience import Audience, Known

THERE: dict[str, Any] = {"deleted_at": None}
"""Groups that are not deleted."""


async def known(
    whom: Audience, field: str = "audience", session: AsyncClientSession | None = None
) -> Known:
    """What the names in an audience stand for; raises InvalidInput on one that stands for nothing."""
    found = await found_now(whom, session)
    checks = Checklist()
    for what, names, there in (
        ("group", whom.groups, found.groups.keys()),
        ("segment", whom.segments, found.segments.keys()),
    ):
        for place, name in enumerate(names):
            if name not in there:
                message = f"there is no {what} {name!r}; create it or use one that `{what}s` lists"
                checks.add(f"{field}.{what}s.{place}", message, Problem.NOT_FOUND)
    checks.close()
    return found


async def found_now(whom: Audience, session: AsyncClientSession | None = None) -> Known:
    """What those of the names stand for that are there, those inside of segments too."""
    wanted = {"name": {"$in": list(whom.segments)}}
    segments = await Segment.find(wanted, session=session).to_list() if whom.segments else []
    filters = {segment.name: filter_of(segment.filter) for segment in segments}
    names = {*whom.groups, *(name for one in filters.values() for name in one.groups)}
    wanted = {"name": {"$in": sorted(names)}, **THERE}
    groups = await Group.find(wanted, session=session).to_list() if names else []
    ids = {group.name: group.id for group in groups if group.id is not None}
    return Known(ids, filters)


async def hold(whom: Audience, session: AsyncClientSession, field: str = "audience") -> None:
    """Keep what an audience names from being deleted; raises InvalidInput if it is gone already."""
    await known(whom, field, session)
    now = {"$set": {"held_at": clock.now()}}
    if whom.groups:
        groups = {"name": {"$in": list(whom.groups)}, **THERE}
        await Group.get_pymongo_collection().update_many(groups, now, session=session)
    if whom.segments:
        segments = {"name": {"$in": list(whom.segments)}}
        await Segment.get_pymongo_collection().update_many(segments, now, session=session)


def has_names(said: AudienceFilter) -> bool:
    """Whether an audience names anything that could be deleted."""
    return bool(said.groups or said.segments)


def filter_of(said: AudienceFilter) -> Audience:
    """A stored filter, for the rules."""
    return audience.audience(said.all, **said.model_dump(exclude={"all"}))


def stored(whom: Audience) -> AudienceFilter:
    """A filter as it is stored."""
    return AudienceFilter(
        **{name: getattr(whom, name) for name in AudienceFilter.model_fields if name != "accepts"},
        accepts=whom.accepts,
    )


def names(found: Known) -> Names:
    """What names stand for, as it is stored."""
    segments = {name: stored(one) for name, one in found.segments.items()}
    groups = {name: PydanticObjectId(group_id) for name, group_id in found.groups.items()}
    return Names(groups=groups, segments=segments)


def known_of(said: Names) -> Known:
    """What names stood for when that was stored."""
    segments = {name: filter_of(one) for name, one in said.segments.items()}
    return Known(said.groups, segments)
