"""Who may do what: a closed table of roles and permissions."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache


class Role(StrEnum):
    """What a token makes of its bearer."""

    SUBSCRIBER = "subscriber"
    VIEWER = "viewer"
    SENDER = "sender"
    OPERATOR = "operator"
    ADMIN = "admin"


class Permission(StrEnum):
    """One thing that a role may or may not do."""

    READ_OWN_INBOX = "READ_OWN_INBOX"
    """Read it and mark its notifications read."""
    READ_ANY_INBOX = "READ_ANY_INBOX"
    CREATE_NOTIFICATIONS = "CREATE_NOTIFICATIONS"
    SEND = "SEND"
    """To recipients named one by one."""
    READ_SENDS = "READ_SENDS"
    """And their messages: one's own, and with READ_MAILINGS anybody's."""
    KEEP_CONTACTS = "KEEP_CONTACTS"
    """Keep contacts of one's own, write to them, and see what became of one's own messages."""
    MANAGE_KINDS = "MANAGE_KINDS"
    READ_CLIENTS = "READ_CLIENTS"
    MANAGE_CLIENTS = "MANAGE_CLIENTS"
    READ_MAILINGS = "READ_MAILINGS"
    MANAGE_MAILINGS = "MANAGE_MAILINGS"
    READ_TEMPLATES = "READ_TEMPLATES"
    MANAGE_TEMPLATES = "MANAGE_TEMPLATES"
    READ_STATISTICS = "READ_STATISTICS"
    SET_OWN_PREFERENCES = "SET_OWN_PREFERENCES"
    MANAGE_PREFERENCES = "MANAGE_PREFERENCES"
    """Anyone's."""
    READ_SUPPRESSIONS = "READ_SUPPRESSIONS"
    MANAGE_SUPPRESSIONS = "MANAGE_SUPPRESSIONS"
    EXPORT = "EXPORT"
    """Carry whole tables home that have addresses in them."""
    MANAGE_API_KEYS = "MANAGE_API_KEYS"
    MANAGE_PERSONS = "MANAGE_PERSONS"
    """Export all that is known of a person, and erase it."""
    READ_AUDIT_LOG = "READ_AUDIT_LOG"


OPERATORS = frozenset(each for each in Permission if each.name.startswith("MANAGE_"))
"""Permissions whose use is kept on record."""

KEY_SUBJECT = "key:"
"""How the subject of an API key begins; its id follows. No token may say so of itself."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Whom a token or an API key speaks for. `subject` of a subscriber is the id of its user."""

    subject: str
    role: Role
    expires_at: datetime | None
    key_id: str | None = None
    """The API key that speaks, where it is no token."""


_SUBSCRIBER = frozenset({Permission.READ_OWN_INBOX, Permission.SET_OWN_PREFERENCES})
_SENDER = _SUBSCRIBER | {
    Permission.CREATE_NOTIFICATIONS,
    Permission.SEND,
    Permission.READ_SENDS,
    Permission.KEEP_CONTACTS,
    Permission.READ_TEMPLATES,
}
_VIEWER = frozenset(
    {
        Permission.READ_SENDS,
        Permission.READ_CLIENTS,
        Permission.READ_MAILINGS,
        Permission.READ_TEMPLATES,
        Permission.READ_STATISTICS,
        Permission.READ_SUPPRESSIONS,
    }
)
"""No inbox: whoever reads one can mark and archive what is in it."""
# Spelled out, so that a new permission is the admin's alone until someone decides otherwise.
_OPERATOR = _SENDER | {
    Permission.READ_ANY_INBOX,
    Permission.MANAGE_KINDS,
    Permission.READ_CLIENTS,
    Permission.MANAGE_CLIENTS,
    Permission.READ_MAILINGS,
    Permission.MANAGE_MAILINGS,
    Permission.MANAGE_TEMPLATES,
    Permission.READ_STATISTICS,
    Permission.MANAGE_PREFERENCES,
    Permission.READ_SUPPRESSIONS,
    Permission.MANAGE_SUPPRESSIONS,
    Permission.EXPORT,
}

_MAY: dict[Role, frozenset[Permission]] = {
    Role.SUBSCRIBER: _SUBSCRIBER,
    Role.VIEWER: _VIEWER,
    Role.SENDER: _SENDER,
    Role.OPERATOR: _OPERATOR,
    Role.ADMIN: frozenset(Permission),
}


def may(principal: Principal, permission: Permission) -> bool:
    """Whether the principal's role has the permission; its expiry is the caller's to check."""
    return permission in _MAY[principal.role]


def may_read_inbox(principal: Principal, user_id: str) -> bool:
    """Whether the principal may read this user's inbox: anyone's, or only its own."""
    if may(principal, Permission.READ_ANY_INBOX):
        return True
    own = user_id != "" and principal.subject == user_id
    return own and may(principal, Permission.READ_OWN_INBOX)


def may_set_preferences(principal: Principal, user_id: str) -> bool:
    """Whether the preferences of this user are the principal's own; an empty id is nobody's."""
    own = user_id != "" and principal.subject == user_id
    return own and may(principal, Permission.SET_OWN_PREFERENCES)


@lru_cache
def strongest(names: tuple[str, ...]) -> Role | None:
    """The role that may do most of those named; other names stand for nothing here."""
    named = set(names)
    known = [role for role in Role if role.value in named]
    return max(known, key=lambda role: len(_MAY[role]), default=None)


def is_operator(principal: Principal) -> bool:
    """Whether the principal may do anything that is kept on record."""
    return not OPERATORS.isdisjoint(_MAY[principal.role])


def grantable(principal: Principal) -> frozenset[Role]:
    """The roles that the principal may give to an API key: none that can do more than its own.

    A subscriber is one user, and a key is none.
    """
    own = _MAY[principal.role]
    return frozenset(role for role in Role if _MAY[role] <= own) - {Role.SUBSCRIBER}
