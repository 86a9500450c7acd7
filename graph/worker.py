"""Workers in the schema (M24)."""

from datetime import datetime

import strawberry

from graph import ids
from graph.auth import Needs
from graph.context import Info
from graph.enums import Channel, SendLane, WorkerState
from models import worker as documents
from rules.message import Route
from rules.roles import Permission
from services import workers


@strawberry.type(description="What a worker does for one lane.")
class WorkerLane:
    """A lane of a worker."""

    lane: SendLane
    name: str = strawberry.field(
        description="As `worker` of its attempts begins; it gets a new one with each connection to Redis."
    )
    jobs: list[str] = strawberry.field(
        description=(
            "Under way at its last beat, such as `sweep`, or `pump:0:email` for the first pump of a "
            "channel; `alone` while it works without Redis."
        )
    )

    @classmethod
    def of(cls, shift: documents.Shift) -> "WorkerLane":
        """The lane of a document."""
        return cls(lane=SendLane(shift.lane), name=shift.name, jobs=shift.doing)


@strawberry.type(description="Messages that a worker holds: about to leave, or leaving.")
class InHand:
    """What a worker holds, by lane and channel."""

    lane: SendLane
    channel: Channel
    count: int


@strawberry.type(
    description="A process that delivers. One that was killed stays on the list for an hour."
)
class Worker:
    """A worker as the schema has it."""

    id: strawberry.ID
    state: WorkerState
    host: str
    pid: int = strawberry.field(description="Its number on that host.")
    version: str = strawberry.field(description="Of Belfry.")
    lanes: list[WorkerLane]
    in_hand: list[InHand] = strawberry.field(description="As the messages' leases say it.")
    sent_per_second: float = strawberry.field(
        description="Tries that were accepted, between its last two beats."
    )
    failed_per_second: float = strawberry.field(
        description="Tries that were not, whether they are made again or not."
    )
    started_at: datetime
    beat_at: datetime = strawberry.field(
        description="When it last said that it lives; it does so every 3 seconds."
    )
    silent_seconds: float = strawberry.field(
        description="How long ago that is, by the database's clock; after 15 s it is lost."
    )

    @classmethod
    def of(cls, seen: workers.Seen) -> "Worker":
        """The worker of a service's answer."""
        worker = seen.worker
        return cls(
            id=strawberry.ID(ids.opaque("Worker", worker.id)),
            state=seen.state,
            host=worker.host,
            pid=worker.pid,
            version=worker.version,
            lanes=[WorkerLane.of(shift) for shift in worker.shifts],
            in_hand=[
                InHand(lane=SendLane(one.lane), channel=Route(one.channel), count=one.count)
                for one in seen.in_hand
            ],
            sent_per_second=worker.sent_per_second,
            failed_per_second=worker.failed_per_second,
            started_at=worker.started_at,
            beat_at=worker.beat_at,
            silent_seconds=seen.silent_seconds,
        )


@strawberry.type
class WorkerQuery:
    """Who works."""

    @strawberry.field(
        description="Workers that live, and those that died of late: at most 100, those that beat last.",
        extensions=[Needs(Permission.READ_STATISTICS)],
    )
    async def workers(self, info: Info) -> list[Worker]:
        """One that was told to go and has gone is not on the list."""
        return [Worker.of(one) for one in (await workers.staff(info.context.parts)).seen]
