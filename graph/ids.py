"""Opaque ids: what they stand for is Belfry's own business and may change."""

import base64
import binascii
from uuid import UUID

from bson import ObjectId

from core.errors import Invalid


def opaque(type_name: str, *key: object) -> str:
    """The id of the object of this type that has this key."""
    text = ":".join([type_name, *map(str, key)])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def parts(raw: str) -> tuple[str, list[str]]:
    """The type and key behind an id; raises Invalid if it isn't one of ours."""
    try:
        text = base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)).decode()
    except (ValueError, binascii.Error):
        text = ""
    type_name, *key = text.split(":")
    if not key or opaque(type_name, *key) != raw:
        raise Invalid("is not an id that Belfry gave out; pass ids on unchanged")
    return type_name, key


def key_of(type_name: str, raw: str) -> list[str]:
    """The key behind an id of this type; raises Invalid for any other."""
    found, key = parts(raw)
    if found != type_name:
        raise Invalid(f"is the id of a {found}; give the id of a {type_name}")
    return key


def object_id(type_name: str, raw: str) -> ObjectId:
    """The ObjectId behind an id of this type; raises Invalid for any other."""
    (key,) = _one(key_of(type_name, raw))
    if not ObjectId.is_valid(key):
        raise Invalid("is not an id that Belfry gave out; pass ids on unchanged")
    return ObjectId(key)


def uuid(type_name: str, raw: str) -> UUID:
    """The UUID behind an id of this type; raises Invalid for any other."""
    (key,) = _one(key_of(type_name, raw))
    try:
        return UUID(key)
    except ValueError:
        raise Invalid("is not an id that Belfry gave out; pass ids on unchanged") from None


def slug_or_id(type_name: str, raw: str) -> str | ObjectId:
    """A slug as it is, or the ObjectId behind an id of this type; raises Invalid for other ids."""
    # Slugs are in lower case, and the ids of all types begin with a capital.
    return object_id(type_name, raw) if raw[:1].isupper() else raw


def _one(key: list[str]) -> list[str]:
    return key if len(key) == 1 else [""]
