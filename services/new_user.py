"""What is said of a user beside its inbox, and everything that can be wrong with that."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId

from core.errors import Checklist, Problem
from rules import addresses, locale

RULES: Mapping[str, tuple[str, Callable[[object], str]]] = {
    "email": ("email", addresses.email),
    "locale": ("locale", locale.locale),
    "time_zone": ("timeZone", addresses.time_zone),
}
"""What can be said, each under its name in the API and with its rule."""
CAN_BE_CLEARED = frozenset({"locale"})


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user as it was said to us; what `said` leaves out stays as it is."""

    user_id: str
    said: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """What to write of one user; None clears."""

    user_id: ObjectId
    values: Mapping[str, str | None]


def check(new: NewUser) -> Change:
    """The change to make; raises InvalidInput with every mistake."""
    checks = Checklist()
    user_id = checks.take("userId", addresses.object_id, new.user_id)
    values: dict[str, str | None] = {}
    for name, said in new.said.items():
        named, rule = RULES[name]
        if said is not None:
            values[name] = checks.take(named, rule, said)
        elif name in CAN_BE_CLEARED:
            values[name] = None
        else:
            checks.add(named, "can't be null; leave it out to keep it as it is", Problem.BLANK)
    checks.close()
    assert user_id is not None
    return Change(user_id, values)
