"""The closed sets of the domain, by their names in the schema."""

from typing import TypeAlias

import strawberry

from core.errors import Problem
from models import erasure, mailing
from rules import audit, roles
from rules.breaker import State
from rules.history import Key
from rules.message import Route, Status, Verdict
from rules.preferences import Outlet
from rules.suppression import Reason
from rules.variable import Type
from rules.worker import State as WorkerStates
from services.changes import Verb
from services.new_send import Everyone, Lane

ErrorCode: TypeAlias = Problem
Channel: TypeAlias = Route
MessageStatus: TypeAlias = Status
AttemptVerdict: TypeAlias = Verdict
MailingStatus: TypeAlias = mailing.MailingStatus
MailingVerb: TypeAlias = Verb
ProviderStatus: TypeAlias = State
HistoryKey: TypeAlias = Key
Role: TypeAlias = roles.Role
Person: TypeAlias = erasure.Person
AuditOutcome: TypeAlias = audit.Outcome
PreferenceChannel: TypeAlias = Outlet
SuppressionReason: TypeAlias = Reason
TemplateVariableType: TypeAlias = Type
SendLane: TypeAlias = Lane
SendToAll: TypeAlias = Everyone
WorkerState: TypeAlias = WorkerStates

strawberry.enum(ErrorCode, name="ErrorCode", description="What is wrong with one field.")
strawberry.enum(Channel, name="Channel", description="A way to a recipient.")
strawberry.enum(MessageStatus, name="MessageStatus", description="Where a message is.")
strawberry.enum(AttemptVerdict, name="AttemptVerdict", description="What an attempt says.")
strawberry.enum(MailingStatus, name="MailingStatus", description="Where a mailing is.")
strawberry.enum(MailingVerb, name="MailingVerb", description="What was done to a mailing.")
strawberry.enum(ProviderStatus, name="ProviderStatus", description="Whether a provider is used.")
strawberry.enum(Role, name="Role", description="What a token or an API key makes of its bearer.")
strawberry.enum(Person, name="Person", description="Whose data it is.")
strawberry.enum(AuditOutcome, name="AuditOutcome", description="How an action ended.")
strawberry.enum(HistoryKey, name="HistoryKey", description="What the history is grouped by.")
strawberry.enum(
    PreferenceChannel, name="PreferenceChannel", description="The inbox, or a way to a recipient."
)
strawberry.enum(
    SuppressionReason,
    name="SuppressionReason",
    description="Why nothing is sent to an address: a server knows it not, its owner unsubscribed "
    "(what is critical still goes), or somebody put it on the list.",
)
strawberry.enum(
    TemplateVariableType,
    name="TemplateVariableType",
    description=(
        "What the value of a variable is in JSON; a DATE is a text like 2026-01-31 or "
        "2026-01-31T09:00:00Z, shown as it was given."
    ),
)
strawberry.enum(
    SendLane, name="SendLane", description="A queue of its own: one never waits for the other."
)
strawberry.enum(SendToAll, name="SendToAll", description="All of whom.")
strawberry.enum(
    WorkerState,
    name="WorkerState",
    description=(
        "How a worker does. LOST: it has said nothing for a while, so it was killed, hangs, or is cut "
        "off from the database; what it had in hand goes to others once its leases have run out."
    ),
)
