"""API keys for tests."""

from typing import Any

from core.parts import Parts
from rules.roles import Principal, Role
from services import api_keys
from services.api_keys import NewKey

ADMIN = Principal("5f0c3a1b2c3d4e5f6a7b8c90", Role.ADMIN, None)
OPERATOR = Principal("5f0c3a1b2c3d4e5f6a7b8c91", Role.OPERATOR, None)


def forget_all() -> None:
    """Begin like a new process."""
    api_keys._cache.clear()
    api_keys._used.clear()
    api_keys._forgotten.clear()


async def made(parts: Parts, **said: Any) -> tuple[str, str]:
    """The id and the secret of a new key."""
    usual: dict[str, Any] = {"name": "Shop", "role": Role.SENDER}
    answer = await api_keys.create(parts, ADMIN, NewKey(**{**usual, **said}))
    assert answer.secret is not None
    return str(answer.key.id), answer.secret
