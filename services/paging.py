"""Keyset paging: a page is what comes after an id, so it costs the same however deep it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from beanie import Document

Doc = TypeVar("Doc", bound=Document)


@dataclass(frozen=True, slots=True)
class Page(Generic[Doc]):
    """Some documents in order, and whether more come after them."""

    items: list[Doc]
    has_next: bool


async def page(
    model: type[Doc],
    query: Mapping[str, Any],
    *,
    first: int,
    after: object | None = None,
    newest_first: bool = False,
) -> Page[Doc]:
    """Up to `first` documents after the id `after`, by rising id or by falling id."""
    wanted = dict(query)
    if after is not None:
        wanted["_id"] = {"$lt" if newest_first else "$gt": after}
    order = "-_id" if newest_first else "+_id"
    found = await model.find(wanted).sort(order).limit(first + 1).to_list()
    return Page(found[:first], len(found) > first)


async def of_each(
    model: type[Doc],
    field: str,
    parents: Iterable[Any],
    *,
    query: Mapping[str, Any],
    order: Mapping[str, int],
    limit: int,
) -> dict[Any, list[Doc]]:
    """The first documents of each parent, named by `field`, in one command for all parents."""
    collection = model.get_pymongo_collection()
    stages: list[dict[str, Any]] = [
        {"$documents": [{"_id": parent} for parent in dict.fromkeys(parents)]},
        {
            "$lookup": {
                "from": collection.name,
                "localField": "_id",
                "foreignField": field,
                # MongoDB knows no limit of 0.
                "pipeline": [{"$match": query}, {"$sort": order}, {"$limit": max(limit, 1)}],
                "as": "found",
            }
        },
    ]
    rows = await collection.database.aggregate(stages)
    return {
        row["_id"]: [model.model_validate(one) for one in row["found"][:limit]]
        async for row in rows
    }
