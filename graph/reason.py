"""Why messages failed, in the schema."""

from datetime import timedelta

import strawberry

from graph import ids
from graph.auth import Needs
from graph.context import Info
from graph.enums import Channel, MessageStatus
from graph.errors import at_field
from rules.roles import Permission
from services import reasons

DAYS = 7


@strawberry.type(description="Messages that failed for one reason.")
class FailureReason:
    """A reason as the schema has it."""

    status: MessageStatus
    channel: Channel
    why: str = strawberry.field(description="With the provider's code, or our word for it.")
    messages: int

    @classmethod
    def of(cls, reason: reasons.Reason) -> "FailureReason":
        """The reason of a service's answer."""
        return cls(
            status=reason.status,
            channel=reason.channel,
            why=reason.why,
            messages=reason.messages,
        )


@strawberry.type(description="The most frequent reasons first, at most 100.")
class FailureReasons:
    """The answer."""

    reasons: list[FailureReason]
    partial: bool = strawberry.field(
        description="Whether there are more messages than the 10,000 that were looked at."
    )


@strawberry.type
class ReasonQuery:
    """Questions about failures."""

    @strawberry.field(
        description=f"Why messages failed: those of a mailing, or of the last {DAYS} days. It looks at 10,000 "
        "messages at most: of a mailing at so many that failed, else at the last that ended.",
        extensions=[Needs(Permission.READ_STATISTICS)],
    )
    async def failure_reasons(
        self, info: Info, mailing_id: strawberry.ID | None = None
    ) -> FailureReasons:
        """The same cost for any number of messages."""
        if mailing_id is None:
            now = info.context.parts.database_clock.now()
            found = await reasons.of_last(now - timedelta(days=DAYS))
        else:
            key = at_field("mailingId", lambda raw: ids.object_id("Mailing", raw), mailing_id)
            found = await reasons.of_mailing(key)
        return FailureReasons(
            reasons=[FailureReason.of(one) for one in found.reasons], partial=found.partial
        )
