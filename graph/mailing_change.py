"""Changes of mailings in the schema."""

from datetime import datetime
from typing import Any

import strawberry

from graph.enums import MailingVerb
from graph.scalars import JSON, write_time
from models import mailing_change as documents
from services.changes import Verb

_OTHER_NAMES = {"opens": "from", "closes": "to"}
"""What the schema calls the ends of a window."""
_ENUMS = frozenset({"status", "statuses", "channels"})
"""Fields whose values are names of an enum in the schema."""


@strawberry.type(description="One change of a mailing, and what it touched.")
class MailingChange:
    """A change as the schema has it."""

    version: int = strawberry.field(description="The version that it made.")
    verb: MailingVerb
    at: datetime
    by: str = strawberry.field(description="The subject of whoever asked for it.")
    before: JSON = strawberry.field(description="The fields that it touched, as they were.")
    after: JSON = strawberry.field(description="The same fields, as they are since.")

    @classmethod
    def of(cls, change: documents.MailingChange) -> "MailingChange":
        """The change of a document."""
        return cls(
            version=change.version,
            verb=Verb(change.verb),
            at=change.at,
            by=change.by,
            before=_shown(change.before),
            after=_shown(change.after),
        )


def _shown(value: Any, *, enum: bool = False) -> Any:  # noqa: ANN401 - any field of a mailing
    match value:
        case dict():
            return {_name(key): _shown(inner, enum=key in _ENUMS) for key, inner in value.items()}
        case list():
            return [_shown(inner, enum=enum) for inner in value]
        case datetime():
            return write_time(value)
        case str() if enum:
            return value.upper()
        case None | bool() | int() | float() | str():
            return value
        case _:
            return str(value)


def _name(key: str) -> str:
    first, *rest = _OTHER_NAMES.get(key, key).split("_")
    return first + "".join(map(str.capitalize, rest))
