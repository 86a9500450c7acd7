"""Pseudonyms of erased addresses: hashes by a key of the database's own, made at first need.

Not by a secret of the settings: who changes that would forget who wants to hear nothing.
"""

import secrets

from pymongo import ReturnDocument

from models.meta import Meta
from rules import erasure

KEY = "pseudonyms"
_BYTES = 32

_keys: dict[str, bytes] = {}
"""Of each database that this process has worked with."""


async def of(key: str) -> str:
    """The id that the suppression of `channel:address` has, once its owner is erased."""
    return erasure.pseudonym(await secret(), key)


async def secret() -> bytes:
    """The key, the same in all processes."""
    collection = Meta.get_pymongo_collection()
    name = collection.database.name
    if name not in _keys:
        row = await collection.find_one_and_update(
            {"_id": KEY},
            {"$setOnInsert": {"version": 0, "key": secrets.token_bytes(_BYTES)}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        assert row is not None
        _keys[name] = bytes(row["key"])
    return _keys[name]
