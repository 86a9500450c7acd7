"""Whom something is for, in the schema."""

import strawberry

from graph.enums import Channel
from models import mailing as documents
from rules.message import Route


@strawberry.type(description="A topic on a channel, as recipients mute it.")
class Accepts:
    """What a recipient has not muted."""

    topic: str
    channel: Channel


@strawberry.type(description="Whom a mailing goes to: AND between the fields, OR inside one.")
class Audience:
    """The filter over clients and users."""

    all: bool = strawberry.field(description="Every client.")
    all_users: bool = strawberry.field(description="Every user, by e-mail.")
    operator_codes: list[str]
    tags: list[str]
    time_zones: list[str] = strawberry.field(description="IANA names.")
    locales: list[str] = strawberry.field(description="A language means its regions too.")
    groups: list[str] = strawberry.field(description="Names of groups.")
    segments: list[str] = strawberry.field(description="Names of segments.")
    accepts: Accepts | None = strawberry.field(description="Only those who have not muted this.")

    @classmethod
    def of(cls, said: documents.AudienceFilter) -> "Audience":
        """The audience of a document."""
        topic, _, channel = (said.accepts or "").rpartition("/")
        return cls(
            all=said.all,
            all_users=said.all_users,
            operator_codes=said.operator_codes,
            tags=said.tags,
            time_zones=said.time_zones,
            locales=said.locales,
            groups=said.groups,
            segments=said.segments,
            accepts=Accepts(topic=topic, channel=Route(channel)) if channel else None,
        )
