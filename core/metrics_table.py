"""Every number that a process keeps, and the events that it hears them from: docs/metrics.md.

Labels are names of ours (root fields, channels, codes), never what a client sent: each has few values.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

from core.hearing import Each, Heard, Hearing, State
from core.meters import Count, Gauge, Labels, Meter, Spread

Kind: TypeAlias = type[Count] | type[Gauge] | type[Spread]


@dataclass(frozen=True, slots=True)
class Row:
    """A number: where, what it is called and means, its labels, and what it hears."""

    name: str
    kind: Kind
    help: str
    labels: Labels = ()
    hears: tuple[Hearing, ...] = field(default=())

    def meter(self) -> Meter:
        """A new one."""
        return self.kind(f"belfry_{self.name}", self.help, self.labels)


API = (
    Row(
        "operations_total",
        Count,
        "Operations that ended, by transport, kind, root field and code (OK, or of the first error).",
        ("transport", "kind", "field", "code"),
        (Heard("operation.answered"), Heard("subscription.ended")),
    ),
    Row(
        "operation_seconds",
        Spread,
        "Time from an operation's arrival to its answer; of subscriptions there is none.",
        ("kind", "field"),
        (Heard("operation.answered", by="seconds"),),
    ),
    Row(
        "input_errors_total",
        Count,
        "Mistakes in inputs, as payloads told them, by the mutation and the code.",
        ("field", "code"),
        (Heard("input.refused"),),
    ),
    Row(
        "sockets",
        Gauge,
        "WebSockets that are open.",
        (),
        (Heard("socket.opened"), Heard("socket.closed", scale=-1)),
    ),
    Row(
        "sockets_cut_total",
        Count,
        "WebSockets cut off, by why: a peer that does not read, or is silent.",
        ("why",),
        (Heard("socket.cut"),),
    ),
    Row(
        "subscriptions",
        Gauge,
        "Subscriptions under way, over sockets and streams, by root field.",
        ("field",),
        (Heard("subscription.begun"), Heard("subscription.ended", scale=-1)),
    ),
    Row(
        "event_seconds",
        Spread,
        "Time from the commit of an inbox event to its being written to a subscriber.",
        (),
        (Heard("inbox_event.sent", by="seconds"),),
    ),
    Row(
        "notifications_total",
        Count,
        "Notifications created, by kind.",
        ("key",),
        (Heard("notification.created"),),
    ),
)

DELIVERY = (
    Row(
        "attempts_total",
        Count,
        "Tries to deliver a message, by what the answer said of it.",
        ("channel", "verdict"),
        (Heard("message.attempted"),),
    ),
    Row(
        "provider_seconds",
        Spread,
        "Time that a provider took for its answer, or until it was given up.",
        ("channel",),
        (Heard("message.attempted", by="duration_ms", scale=0.001),),
    ),
    Row(
        "messages_total",
        Count,
        "Messages that came to a status, each time; pending: put off after an attempt.",
        ("channel", "status"),
        (Each("messages.moved", of="counts"),),
    ),
    Row(
        "leases_reclaimed_total",
        Count,
        "Messages taken back from workers that went away.",
        (),
        (Heard("leases.reclaimed", by="count"),),
    ),
    Row(
        "leases_lost_total",
        Count,
        "Messages whose result came after their lease had gone to another worker.",
        (),
        (Heard("leases.lost", by="count"),),
    ),
    Row(
        "messages_quarantined_total",
        Count,
        "Messages given up because their worker went away each time.",
        (),
        (Heard("messages.quarantined", by="count"),),
    ),
    Row(
        "breaker_openings_total",
        Count,
        "Times that this process paused all sending to a provider.",
        ("channel",),
        (Heard("breaker.opened"),),
    ),
    Row(
        "mailings_reconciled_total",
        Count,
        "Mailings whose counters were compared with their rows.",
        (),
        (Heard("counters.reconciled"), Heard("counters.differ")),
    ),
    Row(
        "mailings_differing_total",
        Count,
        "Those of them whose counters were off.",
        (),
        (Heard("counters.differ"),),
    ),
    Row(
        "counter_differences_total",
        Count,
        "Messages by which a counter was off from the rows, each time that was found.",
        ("key",),
        (Each("counters.differ", of="differences"),),
    ),
)

QUEUES = (
    Row(
        "breaker_open",
        Gauge,
        "Whether sending to a provider pauses (1).",
        ("channel",),
        (State("queues.looked", of="breakers"),),
    ),
    Row(
        "queue_messages",
        Gauge,
        "Messages by waiting (due), scheduled, retrying, running, failed within a day; at most 10000 each.",
        ("lane", "channel", "state"),
        (State("queues.looked", of="messages"),),
    ),
    Row(
        "oldest_due_seconds",
        Gauge,
        "For how long the message that waits longest has been due; 0 if none is.",
        ("lane", "channel"),
        (State("queues.looked", of="oldest_due"),),
    ),
    Row(
        "workers",
        Gauge,
        "Workers that say that they run for a lane.",
        ("lane",),
        (State("queues.looked", of="workers"),),
    ),
)

PROCESS = (
    Row(
        "troubles_total",
        Count,
        "Warnings and errors in the log, by event: docs/logs.md has them all.",
        ("event",),
        (),
    ),
    Row(
        "loop_late_seconds",
        Spread,
        "By how much a timer was late, twice a second: what keeps one operation keeps all.",
        (),
        (Heard("process.looked", by="late_seconds"),),
    ),
    Row(
        "connections",
        Gauge,
        "Connections of this process to mongodb and redis, in_use and idle.",
        ("store", "state"),
        (State("process.looked", of="connections"),),
    ),
    Row(
        "build_info",
        Gauge,
        "Always 1; its labels say which process this is: api or worker, and of which version.",
        ("process", "version", "python"),
    ),
)

TABLE = (*API, *DELIVERY, *QUEUES, *PROCESS)
