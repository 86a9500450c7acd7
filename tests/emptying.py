"""Emptying a database for the next test."""

from collections.abc import Collection
from typing import Any

from pymongo.database import Database

from tests import factories

Row = dict[str, Any]


def empty(database: Database[Row], keep: Collection[str] = ()) -> set[str]:
    """Delete all rows but those of some collections; the names of all collections that are there.

    To delete from a collection that holds nothing takes as long as to ask all which hold some.
    """
    there = set(database.list_collection_names(filter=factories.OURS))
    for name in filled(database, sorted(there - set(keep))):
        database[name].delete_many({})
    return there


def filled(database: Database[Row], names: list[str]) -> list[str]:
    """Those of the collections that hold any row."""
    if not names:
        return []
    any_row: list[list[Row]] = [
        [{"$limit": 1}, {"$project": {"_id": 0, "name": {"$literal": name}}}] for name in names
    ]
    others = [
        {"$unionWith": {"coll": name, "pipeline": look}}
        for name, look in zip(names[1:], any_row[1:], strict=True)
    ]
    return [row["name"] for row in database[names[0]].aggregate([*any_row[0], *others])]
