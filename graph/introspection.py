"""Who may ask for the schema, and so gets suggestions in errors, by the setting INTROSPECTION."""

import re

from core.settings import Settings
from rules.roles import Principal, Role

STAFF = frozenset({Role.OPERATOR, Role.ADMIN})

_SUGGESTION = re.compile(r" Did you mean [^?]*\?")


def allowed(settings: Settings, principal: Principal | None) -> bool:
    """Whether this caller may."""
    match settings.introspection:
        case "on":
            return True
        case "staff":
            return principal is not None and principal.role in STAFF
        case "off":
            return False


def without_suggestions(message: str) -> str:
    """An error's message without the names of the schema that it would suggest."""
    return _SUGGESTION.sub("", message)
