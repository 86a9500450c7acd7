"""Templates and their versions, many at a time."""

import re
from collections.abc import Iterable
from typing import Any

from bson import ObjectId

from core.errors import InvalidInput, Problem
from models.template import Template, TemplateVersion
from services import paging

LONGEST_SEARCH = 100


async def page(search: str | None, *, first: int, after: ObjectId | None) -> paging.Page[Template]:
    """Templates by age, newest first; those whose slug or title has the words in it."""
    return await paging.page(Template, _query(search), first=first, after=after, newest_first=True)


async def count(search: str | None) -> int:
    """How many templates match."""
    return await Template.find(_query(search)).count()


async def versions(ids: Iterable[str]) -> dict[str, TemplateVersion]:
    """Versions by the ids of their rows, in one command."""
    found = await TemplateVersion.find({"_id": {"$in": list(set(ids))}}).to_list()
    return {each.id: each for each in found}


async def versions_of(
    template_ids: Iterable[ObjectId], *, first: int
) -> dict[ObjectId, list[TemplateVersion]]:
    """The last versions of each template, newest first."""
    return await paging.of_each(
        TemplateVersion, "template_id", template_ids, query={}, order={"version": -1}, limit=first
    )


def _query(search: str | None) -> dict[str, Any]:
    if not search:
        return {}
    if len(search) > LONGEST_SEARCH:
        message = f"shorten it to {LONGEST_SEARCH} characters"
        raise InvalidInput.at("search", message, Problem.TOO_LONG)
    if "\0" in search:  # which ends a pattern, to MongoDB
        raise InvalidInput.at("search", "remove the NUL character from it")
    like = {"$regex": re.escape(search), "$options": "i"}
    return {"$or": [{"slug": like}, {"title": like}]}
