"""Whom something is for, as mutations and queries take it."""

import strawberry

from graph.enums import Channel
from services.new_audience import NewAudience


@strawberry.input(description="A topic on a channel, as recipients mute it.")
class AcceptsInput:
    """What a recipient has not muted."""

    topic: str
    channel: Channel


@strawberry.input(
    description=(
        "Whom: AND between the fields, OR inside one. Clients fit any of them; users are meant only "
        "by allUsers or groups, and have no operator code, tags or time zone."
    )
)
class AudienceInput:
    """The filter over clients and users."""

    all: bool = strawberry.field(
        default=False, description="Every client; must be asked for, and without filters."
    )
    all_users: bool = strawberry.field(
        default=False, description="Every user, by e-mail; with `all`, clients and users."
    )
    operator_codes: list[str] = strawberry.field(default_factory=list)
    tags: list[str] = strawberry.field(default_factory=list)
    time_zones: list[str] = strawberry.field(default_factory=list, description="IANA names.")
    locales: list[str] = strawberry.field(
        default_factory=list, description="Tags of BCP 47; a language means its regions too."
    )
    groups: list[str] = strawberry.field(
        default_factory=list, description="Names of groups: their clients and users."
    )
    segments: list[str] = strawberry.field(
        default_factory=list, description="Names of segments, as they are when it starts."
    )
    accepts: AcceptsInput | None = strawberry.field(
        default=None, description="Only those who have not muted this."
    )

    def said(self) -> NewAudience:
        """The same for the service."""
        accepts = self.accepts
        return NewAudience(
            all=self.all,
            operator_codes=tuple(self.operator_codes),
            tags=tuple(self.tags),
            time_zones=tuple(self.time_zones),
            locales=tuple(self.locales),
            groups=tuple(self.groups),
            segments=tuple(self.segments),
            accepts=None if accepts is None else f"{accepts.topic}/{accepts.channel.value}",
            all_users=self.all_users,
        )
