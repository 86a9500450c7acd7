"""API keys for the command line, which whoever can reach the database may use."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from bson import ObjectId
from pymongo.errors import PyMongoError

from core import clock
from core.errors import Unavailable
from core.parts import Parts, open_parts
from core.settings import Settings
from models.api_key import ApiKey
from rules.roles import Principal, Role
from services import api_keys, audit, start
from services.api_keys import Made, NewKey

COMMAND_LINE = Principal("command line", Role.ADMIN, None)
PAGE = 100


async def create(settings: Settings, name: str, role: Role, lifetime: timedelta | None) -> Made:
    """Make a key; raises InvalidInput, and Unavailable without MongoDB."""
    new = NewKey(name, role, None if lifetime is None else clock.now() + lifetime)
    said = {"name": name, "role": role.value, "expiresAt": new.expires_at}
    async with _parts(settings) as parts, _on_record(parts, "createApiKey", said) as record:
        made = await api_keys.create(parts, COMMAND_LINE, new)
        record.targets = [str(made.key.id)]
        return made


async def revoke(settings: Settings, key_id: ObjectId) -> ApiKey:
    """End a key; raises InvalidInput for an unknown one, and Unavailable without MongoDB."""
    async with _parts(settings) as parts, _on_record(parts, "revokeApiKey", {"id": str(key_id)}):
        return await api_keys.revoke(parts, COMMAND_LINE, key_id)


async def every(settings: Settings) -> AsyncIterator[ApiKey]:
    """All keys, the newest first; raises Unavailable without MongoDB."""
    async with _parts(settings):
        after, more = None, True
        while more:
            page = await api_keys.page(first=PAGE, after=after)
            for key in page.items:
                yield key
                after = key.id
            more = page.has_next


def _on_record(parts: Parts, action: str, said: object) -> audit.Recording:
    return audit.on_record(parts, COMMAND_LINE.subject, action, said)


@asynccontextmanager
async def _parts(settings: Settings) -> AsyncIterator[Parts]:
    try:
        async with open_parts(settings) as parts:
            await start.prepare(parts)
            yield parts
    except PyMongoError as error:
        raise Unavailable(f"MongoDB doesn't answer: {error}") from None
