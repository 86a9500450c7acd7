"""Live progress of mailings in the schema (X3)."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime

import strawberry

from graph.auth import Needs
from graph.context import Info
from graph.enums import Channel, MailingStatus, ProviderStatus
from graph.mailing import mailing_id
from graph.statistics import Statistics
from rules.message import Route
from rules.roles import Permission
from services import progress


@strawberry.type(description="The breaker of a channel, shared by all workers.")
class ProviderState:
    """How a provider does."""

    channel: Channel
    state: ProviderStatus
    retry_at: datetime | None = strawberry.field(
        description="While it is open: when a message may try whether the provider is back."
    )
    why: str = strawberry.field(description="What the last attempt before it opened met.")

    @classmethod
    def of(cls, found: progress.ProviderState) -> "ProviderState":
        """The state of a service's answer."""
        return cls(
            channel=Route(found.channel),
            state=found.state,
            retry_at=found.retry_at,
            why=found.why,
        )


@strawberry.type(description="Where a mailing is, at one moment.")
class MailingProgress:
    """Progress as the schema has it."""

    status: MailingStatus
    counts: Statistics
    rate_per_second: float = strawberry.field(
        description="Messages that ended per second, over the last 10 seconds."
    )
    seconds_left: int | None = strawberry.field(
        description=(
            "By that rate; null while nobody can tell: paused, its messages still being made, "
            "a provider away, or nothing sent of late."
        )
    )
    providers: list[ProviderState] = strawberry.field(description="One per channel.")

    @classmethod
    def of(cls, found: progress.Progress) -> "MailingProgress":
        """The progress of a service's answer."""
        return cls(
            status=found.status,
            counts=Statistics.of(found.counts),
            rate_per_second=found.per_second,
            seconds_left=found.seconds_left,
            providers=[ProviderState.of(one) for one in found.providers],
        )


@strawberry.type
class ProgressSubscription:
    """Live mailings."""

    @strawberry.subscription(
        description=(
            "The progress of a mailing: at once, and then whenever it has changed, at most twice a "
            "second. Completes after the mailing's last state."
        ),
        extensions=[Needs(Permission.READ_STATISTICS)],
    )
    async def mailing_progress(
        self, info: Info, id: strawberry.ID
    ) -> AsyncGenerator[MailingProgress, None]:
        """Follow a mailing."""
        async with aclosing(progress.follow(info.context.parts, mailing_id("id", id))) as found:
            async for one in found:
                yield MailingProgress.of(one)
