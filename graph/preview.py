"""The launch check in the schema (X5)."""

from datetime import datetime

import strawberry

from graph.audience_input import AudienceInput
from graph.auth import Needs
from graph.client import Client
from graph.context import Info
from graph.enums import Channel
from graph.errors import Answers, UserError
from graph.mailing_input import CreateMailingInput
from rules.message import Route
from rules.roles import Permission
from services import audiences, previews


@strawberry.type(description="How many clients and users of an audience a channel reaches.")
class ChannelReach:
    """One line by channel."""

    channel: Channel
    reachable: int = strawberry.field(description="Those with an address for it.")


@strawberry.type(description="How many clients of an audience live in a time zone.")
class TimeZoneReach:
    """One line by time zone."""

    time_zone: str
    clients: int


@strawberry.type(description="The size of an audience, and how it spreads.")
class AudienceSpread:
    """Counts of an audience."""

    total: int = strawberry.field(description="All clients in it.")
    users: int = strawberry.field(description="All users in it; they are reached by e-mail.")
    channels: list[ChannelReach] = strawberry.field(description="By each channel there is.")
    time_zones: list[TimeZoneReach] = strawberry.field(description="The largest first.")

    @classmethod
    def of(cls, found: audiences.Spread) -> "AudienceSpread":
        """The spread of a service's answer."""
        return cls(
            total=found.total,
            users=found.users,
            channels=[
                ChannelReach(channel=route, reachable=found.reachable(route)) for route in Route
            ],
            time_zones=[
                TimeZoneReach(time_zone=zone.name, clients=zone.clients) for zone in found.zones
            ],
        )


@strawberry.type(description="One message as it would go out.")
class SampleMessage:
    """A sample of a preview."""

    client: Client
    channel: Channel
    address: str
    subject: str | None = strawberry.field(description="Where the channel has such a thing.")
    text: str = strawberry.field(description="As the template says it in the client's locale.")
    html: str = strawberry.field(description="Where the channel shows it.")
    due_at: datetime = strawberry.field(description="When the client may first be reached.")

    @classmethod
    def of(cls, sample: previews.Sample) -> "SampleMessage":
        """The sample of a service's answer."""
        return cls(
            client=Client.of(sample.client),
            channel=Route(sample.channel),
            address=sample.address,
            subject=sample.subject,
            text=sample.text,
            html=sample.html,
            due_at=sample.due_at,
        )


@strawberry.type(description="What a mailing would do if it were created now.")
class MailingPreview:
    """A launch check."""

    audience: AudienceSpread
    messages: int = strawberry.field(description="One per recipient and channel with an address.")
    samples: list[SampleMessage] = strawberry.field(description="Up to 5.")
    expected_finish: datetime | None = strawberry.field(
        description="At the provider's limit or the pace of late; null if not all would be sent."
    )
    unsent: int = strawberry.field(description="Messages that would be left at the end.")
    warnings: list[str] = strawberry.field(description="What one should know before the launch.")

    @classmethod
    def of(cls, found: previews.Preview) -> "MailingPreview":
        """The preview of a service's answer."""
        return cls(
            audience=AudienceSpread.of(found.audience),
            messages=found.messages,
            samples=[SampleMessage.of(sample) for sample in found.samples],
            expected_finish=found.expected_finish,
            unsent=found.unsent,
            warnings=list(found.warnings),
        )


@strawberry.type(description="The preview, or what is wrong with the mailing.")
class MailingPreviewPayload:
    """What mailingPreview answers."""

    preview: MailingPreview | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class PreviewQuery:
    """Looking ahead."""

    @strawberry.field(
        description="Who would be reached, and where they live.",
        extensions=[Needs(Permission.READ_CLIENTS)],
    )
    async def audience(self, filter: AudienceInput) -> AudienceSpread:
        """Count an audience."""
        return AudienceSpread.of(await audiences.count(filter.said()))

    @strawberry.field(
        description="What createMailing would do with the same input. Nothing is written.",
        extensions=[Needs(Permission.MANAGE_MAILINGS), Answers(MailingPreviewPayload)],
    )
    async def mailing_preview(self, info: Info, input: CreateMailingInput) -> MailingPreviewPayload:
        """Check a launch."""
        caller = info.context.require(Permission.MANAGE_MAILINGS).subject
        found = await previews.preview(info.context.parts, caller, input.said())
        return MailingPreviewPayload(preview=MailingPreview.of(found))
