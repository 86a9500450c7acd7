"""Whom a command means: a client or a user, said in one word."""

import re

from core.errors import Invalid

EXAMPLES = "79161234567, ada@example.com, user:65f0c3a1b2c3d4e5f6a7b8c9, or a client's id."
_USER = "user:"


def recipient(said: str) -> dict[str, str]:
    """The same for the API's choice of one; raises Invalid."""
    if said.startswith(_USER):
        return {"userId": said.removeprefix(_USER)}
    for name in ("client", "phone", "email"):
        if said.startswith(f"{name}:"):
            return {"clientId" if name == "client" else name: said.removeprefix(f"{name}:")}
    if "@" in said:
        return {"email": said}
    if re.fullmatch(r"\d{5,15}", said):
        return {"phone": said}
    if not said or ":" in said:
        raise Invalid(f"{said!r} is nobody: say {EXAMPLES}")
    return {"clientId": said}
