"""Statistics in the schema (M8, M9)."""

import strawberry

from graph.auth import Needs
from graph.context import Info
from graph.enums import MessageStatus
from rules.message import Status
from rules.roles import Permission
from services import stats


@strawberry.type(description="How many messages are in a status.")
class StatusCount:
    """One line of the statistics."""

    status: MessageStatus
    count: int


@strawberry.type(description="Messages by status, exact and as of one moment.")
class Statistics:
    """Counts by status."""

    total: int
    by_status: list[StatusCount] = strawberry.field(description="Every status, also those at 0.")
    pending: int = strawberry.field(description="Waiting to be sent, or to be tried again.")
    sending: int = strawberry.field(description="Held by a worker: about to leave, or leaving.")
    sent: int = strawberry.field(description="Accepted by the provider.")
    failed: int = strawberry.field(description="Refused by the provider for good.")
    undeliverable: int = strawberry.field(description="The address is what was refused.")
    expired: int = strawberry.field(description="The end came first.")
    cancelled: int = strawberry.field(
        description="Given up: the mailing was cancelled or deleted, or the client is gone."
    )
    uncertain: int = strawberry.field(
        description="Given up, but perhaps sent: an answer or a worker was lost."
    )
    suppressed: int = strawberry.field(
        description="Not sent, because the recipient has muted it or the address is on the "
        "suppression list."
    )

    @classmethod
    def of(cls, found: stats.Statistics) -> "Statistics":
        """The statistics of a service's answer."""
        counts = found.by_status
        return cls(
            total=found.total,
            by_status=[StatusCount(status=status, count=counts[status]) for status in Status],
            **{status.value: counts[status] for status in Status},
        )


@strawberry.type
class StatisticsQuery:
    """Statistics over everything."""

    @strawberry.field(
        description="Messages of all mailings by status.",
        extensions=[Needs(Permission.READ_STATISTICS)],
    )
    async def statistics(self, info: Info) -> Statistics:
        """Deleted mailings count too: what was sent was sent."""
        return Statistics.of(await stats.overall(info.context.parts))
