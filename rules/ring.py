"""The updates of an inbox: a ring of items in the user's document (N3, N5, X9).

Every change raises the user's `seq` by one and happens in one pipeline update, so that items,
`seq` and `unread` can't disagree. Items are stored in no order; `seq` gives it. An update that
finds nothing to change leaves `seq` alone, and `touched` is 0: a repeat makes no event.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from rules.inbox import Item

Stages: TypeAlias = list[dict[str, Any]]

_RING = {"$ifNull": ["$inbox", []]}
_RETRACTED = {"$ifNull": ["$retracted", []]}


def place_item(
    item: Mapping[str, Any], limit: int, email: str, muting: Collection[str] = ()
) -> Stages:
    """The update that gives `item` the next `seq` and puts it into the ring of `limit` places.

    While the ring is not full the item is appended; then it replaces the oldest in place, which
    keeps MongoDB's oplog entry as small as the item. A user that has muted any of `muting` gets
    nothing, and `touched` is 0.
    """
    size = {"$size": _RING}
    floor = {"$ifNull": ["$floor", 0]}
    return [
        {"$set": {"touched": _unless_muted(muting), "email": _address(email)}},
        {"$set": {"seq": {"$add": [{"$ifNull": ["$seq", 0]}, "$touched"]}}},
        {
            "$set": {
                "inbox": _if_touched(_with_item(item, limit), _RING),
                "floor": {
                    "$cond": [
                        {"$or": [{"$eq": ["$touched", 0]}, {"$lt": [size, limit]}]},
                        floor,
                        _newest_dropped(_RING, limit),
                    ]
                },
            }
        },
        _counted(),
    ]


def mark_read(item_ids: Iterable[str] | None = None, up_to: int | None = None) -> Stages:
    """The update that marks items read, by id or up to a `seq`; `touched` tells how many."""
    # Literal, because an id comes from outside and may look like an expression.
    by_id: dict[str, Any] = {"$in": ["$$it.id", {"$literal": list(item_ids or ())}]}
    chosen = by_id if up_to is None else {"$lte": ["$$it.seq", up_to]}
    return _changed({"$and": ["$$it.new", chosen]}, {"new": False, "read_seq": "$seq"})


def update_item(item_id: str, content: Item, at: datetime, version: int) -> Stages:
    """The update that gives an item other contents, if they are others and it is at `version`.

    The version of an item is the `seq` of its last update, 0 before any: who made the contents
    from what the item said finds out that it says something else by now.
    """
    differs = [{"$ne": [f"$$it.{name}", _literal(content[name])]} for name in content]
    same_version = {"$eq": [{"$ifNull": ["$$it.updated_seq", 0]}, version]}
    chosen = {"$and": [_is(item_id), same_version, {"$or": differs}]}
    return _changed(chosen, _literal({**content, "updated_at": at}), {"updated_seq": "$seq"})


def archive_item(item_id: str, *, archived: bool) -> Stages:
    """The update that puts an item into the archive, which reads it too, or takes it out again."""
    was = {"$ifNull": ["$$it.archived", False]}
    chosen = {"$and": [_is(item_id), {"$ne": [was, archived]}]}
    read = {"new": False} if archived else {}
    return _changed(chosen, {"archived": archived, "archived_seq": "$seq", **read})


def retract_item(item_id: str, limit: int) -> Stages:
    """The update that takes an item out of the ring and leaves its id, with the `seq` of the event.

    Of the newest `limit` retracted ones the ids are kept; `forgotten` is the newest `seq` of those
    that are not.
    """
    grown = {"$concatArrays": [_RETRACTED, [{"id": _literal(item_id), "seq": "$seq"}]]}
    newest_lost = {"$arrayElemAt": [_RETRACTED, {"$subtract": [{"$size": _RETRACTED}, limit]}]}
    is_full = {"$gte": [{"$size": _RETRACTED}, limit]}
    return [
        *_counting(_is(item_id)),
        {
            "$set": {
                "inbox": _if_touched(_without(_is(item_id)), _RING),
                "retracted": _if_touched({"$slice": [grown, -limit]}, _RETRACTED),
                "forgotten": {
                    "$cond": [
                        {"$and": [{"$gt": ["$touched", 0]}, is_full]},
                        {"$let": {"vars": {"it": newest_lost}, "in": "$$it.seq"}},
                        {"$ifNull": ["$forgotten", 0]},
                    ]
                },
            }
        },
        _counted(),
    ]


def touch(email: str) -> Stages:
    """The update that only makes sure of a user and its address: no item, no event."""
    return [
        {
            "$set": {
                "seq": {"$ifNull": ["$seq", 0]},
                "unread": {"$ifNull": ["$unread", 0]},
                "email": _address(email),
            }
        }
    ]


def _changed(chosen: object, *changes: object) -> Stages:
    """Merge the changes into the chosen items (`$$it`), all under the next `seq`."""
    merged = {"$mergeObjects": ["$$it", *changes]}
    return [
        *_counting(chosen),
        {"$set": {"inbox": _each(_RING, {"$cond": [chosen, merged, "$$it"]})}},
        _counted(),
    ]


def _counting(chosen: object) -> Stages:
    """Note how many items are chosen, and take the next `seq` if any is."""
    return [
        {"$set": {"touched": {"$size": _those(_RING, chosen)}}},
        {"$set": {"seq": {"$add": [{"$ifNull": ["$seq", 0]}, {"$min": ["$touched", 1]}]}}},
    ]


def _unless_muted(muting: Collection[str]) -> object:
    """1, or 0 for a user that has muted one of the entries."""
    if not muting:
        return 1
    meeting = {"$setIntersection": [{"$ifNull": ["$muted", []]}, _literal(list(muting))]}
    return {"$cond": [{"$eq": [{"$size": meeting}, 0]}, 1, 0]}


def _with_item(item: Mapping[str, Any], limit: int) -> dict[str, Any]:
    size = {"$size": _RING}
    return {
        "$let": {
            "vars": {
                # The item is a literal: what looks like an expression in it stays text.
                "item": {"$mergeObjects": [_literal(dict(item)), {"seq": "$seq"}]},
                "oldest": {"$min": "$inbox.seq"},
            },
            "in": {
                "$switch": {
                    "branches": [
                        _branch({"$lt": [size, limit]}, _append(_RING)),
                        _branch({"$eq": [size, limit]}, _replace_oldest(_RING)),
                    ],
                    "default": _shrink(_RING, limit),
                }
            },
        }
    }


def _address(email: str) -> dict[str, Any]:
    return {"$ifNull": ["$email", _literal(email)]}


def _counted() -> dict[str, Any]:
    return {"$set": {"unread": {"$size": _those("$inbox", "$$it.new")}}}


def _literal(value: object) -> dict[str, Any]:
    return {"$literal": value}


def _is(item_id: str) -> dict[str, Any]:
    return {"$eq": ["$$it.id", _literal(item_id)]}


def _if_touched(then: object, otherwise: object) -> dict[str, Any]:
    return {"$cond": [{"$gt": ["$touched", 0]}, then, otherwise]}


def _branch(case: object, then: object) -> dict[str, Any]:
    return {"case": case, "then": then}


def _those(ring: object, chosen: object) -> dict[str, Any]:
    return {"$filter": {"input": ring, "as": "it", "cond": chosen}}


def _each(ring: object, item: object) -> dict[str, Any]:
    return {"$map": {"input": ring, "as": "it", "in": item}}


def _append(ring: object) -> dict[str, Any]:
    return {"$concatArrays": [ring, ["$$item"]]}


def _replace_oldest(ring: object) -> dict[str, Any]:
    return _each(ring, {"$cond": [{"$eq": ["$$it.seq", "$$oldest"]}, "$$item", "$$it"]})


def _without(chosen: object) -> dict[str, Any]:
    # The last item takes the place: shifting all that follow would write them to the oplog again.
    but_last = {"$slice": [_RING, {"$subtract": [{"$size": _RING}, 1]}]}
    moved = _each(but_last, {"$cond": [chosen, {"$arrayElemAt": [_RING, -1]}, "$$it"]})
    return {"$cond": [{"$eq": [{"$size": _RING}, 1]}, [], moved]}


def _by_age(ring: object) -> dict[str, Any]:
    return {"$sortArray": {"input": ring, "sortBy": {"seq": -1}}}


def _shrink(ring: object, limit: int) -> dict[str, Any]:
    # Only after the setting was lowered.
    kept = {"$slice": [_by_age(ring), limit - 1]} if limit > 1 else []
    return {"$concatArrays": [kept, ["$$item"]]}


def _newest_dropped(ring: object, limit: int) -> dict[str, Any]:
    newest = {"$arrayElemAt": [_by_age(ring), limit - 1]}
    return {"$let": {"vars": {"it": newest}, "in": "$$it.seq"}}
