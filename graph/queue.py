"""Queues in the schema (M24)."""

from datetime import datetime

import strawberry

from graph.auth import Needs
from graph.context import Info
from graph.enums import Channel, SendLane
from graph.progress import ProviderState
from rules.message import Route
from rules.roles import Permission
from services import queues


@strawberry.type(description="How many messages there are of a kind; counting stops at 10,000.")
class QueueCount:
    """A number that may be a least."""

    count: int
    at_least: bool = strawberry.field(description="Whether there may be more than `count`.")

    @classmethod
    def of(cls, found: queues.Count) -> "QueueCount":
        """The number of a service's answer."""
        return cls(count=found.number, at_least=found.at_least)


@strawberry.type(
    description=(
        "What one channel has to do in one lane. Messages of mailings that have not been launched are "
        "not made yet, and in no queue."
    )
)
class Queue:
    """A queue as the schema has it."""

    lane: SendLane
    channel: Channel
    waiting: QueueCount = strawberry.field(description="Due now: a worker should take them.")
    scheduled: QueueCount = strawberry.field(
        description=(
            "Due later, for their window, their start or their next try, or because their mailing is "
            "paused."
        )
    )
    retrying: QueueCount = strawberry.field(
        description="Those of the waiting and the scheduled that were tried before."
    )
    running: int = strawberry.field(description="Held by a worker: about to leave, or leaving.")
    failed: QueueCount = strawberry.field(
        description=(
            "Tried and given up in the last 24 hours: failed, undeliverable or uncertain. One that is "
            "tried again is counted no more."
        )
    )
    oldest_due_at: datetime | None = strawberry.field(
        description="Since when the one that waits longest has been due; null if nothing waits."
    )
    oldest_due_seconds: float | None = strawberry.field(
        description="How long that is, by the database's clock."
    )
    provider: ProviderState = strawberry.field(
        description="While its breaker is not closed, what is due waits and uses up no attempt."
    )
    workers: int = strawberry.field(
        description="Workers that run for this lane; 100 stands for more, too."
    )

    @classmethod
    def of(cls, found: queues.Queue) -> "Queue":
        """The queue of a service's answer."""
        return cls(
            lane=SendLane(found.lane),
            channel=Route(found.channel),
            waiting=QueueCount.of(found.waiting),
            scheduled=QueueCount.of(found.scheduled),
            retrying=QueueCount.of(found.retrying),
            running=found.running,
            failed=QueueCount.of(found.failed),
            oldest_due_at=found.oldest_due_at,
            oldest_due_seconds=found.oldest_due_seconds,
            provider=ProviderState.of(found.provider),
            workers=found.workers,
        )


@strawberry.type
class QueueQuery:
    """What there is to do."""

    @strawberry.field(
        description="What waits, runs, is tried again and failed, by lane and channel; a second old at most.",
        extensions=[Needs(Permission.READ_STATISTICS)],
    )
    async def queues(self, info: Info) -> list[Queue]:
        """Every queue, also those in which there is nothing."""
        return [Queue.of(one) for one in await queues.look(info.context.parts)]
