"""Mutations of mailings (M2)."""

from datetime import datetime
from typing import Any

import strawberry

from graph.auth import Needs
from graph.context import Info
from graph.enums import Channel
from graph.errors import Answers, UserError, at_field
from graph.kind import present
from graph.mailing import Mailing, mailing_id
from rules import audience
from rules.message import Route
from rules.roles import Permission
from services import mailings


@strawberry.input(description="Whom: AND between the fields, OR inside one.")
class AudienceInput:
    """The filter over clients."""

    all: bool = strawberry.field(
        default=False, description="Every client; must be asked for, and without filters."
    )
    operator_codes: list[str] = strawberry.field(default_factory=list)
    tags: list[str] = strawberry.field(default_factory=list)


@strawberry.input(description="A mailing to create.")
class CreateMailingInput:
    """What createMailing takes."""

    name: str
    text: str
    start_at: datetime = strawberry.field(description="It starts by itself then; at once if past.")
    end_at: datetime = strawberry.field(description="Nothing is delivered after it.")
    audience: AudienceInput
    channels: list[Channel] = strawberry.field(default_factory=lambda: [Route.SENDING_API])
    subject: str = strawberry.field(default="", description="For e-mail; else the name is used.")
    idempotency_key: str | None = None


@strawberry.input(description="Changes to a mailing; what is absent stays as it is.")
class UpdateMailingInput:
    """What updateMailing takes."""

    id: strawberry.ID
    name: strawberry.Maybe[str]
    text: strawberry.Maybe[str]
    subject: strawberry.Maybe[str]
    start_at: strawberry.Maybe[datetime]
    end_at: strawberry.Maybe[datetime]
    audience: strawberry.Maybe[AudienceInput]
    channels: strawberry.Maybe[list[Channel]]


@strawberry.input(description="The mailing to delete.")
class DeleteMailingInput:
    """What deleteMailing takes."""

    id: strawberry.ID


@strawberry.type(description="The mailing, or what was wrong.")
class MailingPayload:
    """What mutations of mailings answer."""

    mailing: Mailing | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class MailingMutation:
    """Mutations of mailings."""

    @strawberry.mutation(
        description="Create a mailing; one whose start has come goes off at once.",
        extensions=[Needs(Permission.MANAGE_MAILINGS), Answers(MailingPayload)],
    )
    async def create_mailing(self, info: Info, input: CreateMailingInput) -> MailingPayload:
        """Create one."""
        caller = info.context.require(Permission.MANAGE_MAILINGS).subject
        new = mailings.NewMailing(
            name=input.name,
            text=input.text,
            start_at=input.start_at,
            end_at=input.end_at,
            all_clients=input.audience.all,
            operator_codes=tuple(input.audience.operator_codes),
            tags=tuple(input.audience.tags),
            channels=tuple(route.value for route in input.channels),
            subject=input.subject,
        )
        created = await mailings.create(info.context.parts, caller, new, input.idempotency_key)
        return MailingPayload(mailing=Mailing.of(created))

    @strawberry.mutation(
        description="Change a mailing; messages not yet sent follow.",
        extensions=[Needs(Permission.MANAGE_MAILINGS), Answers(MailingPayload)],
    )
    async def update_mailing(self, info: Info, input: UpdateMailingInput) -> MailingPayload:
        """Change one."""
        names = ("name", "text", "subject", "start_at", "end_at", "audience", "channels")
        changes = _changes(present(input, *names))
        key = mailing_id("id", input.id)
        updated = await mailings.update(info.context.parts, key, changes)
        return MailingPayload(mailing=Mailing.of(updated))

    @strawberry.mutation(
        description="Delete a mailing and cancel its unsent messages; what was sent stays.",
        extensions=[Needs(Permission.MANAGE_MAILINGS), Answers(MailingPayload)],
    )
    async def delete_mailing(self, info: Info, input: DeleteMailingInput) -> MailingPayload:
        """Delete one."""
        deleted = await mailings.delete(info.context.parts, mailing_id("id", input.id))
        return MailingPayload(mailing=Mailing.of(deleted))


def _changes(said: dict[str, Any]) -> dict[str, Any]:
    if "channels" in said:
        said["channels"] = tuple(route.value for route in said["channels"])
    if "audience" in said:
        whom = said["audience"]
        said["audience"] = at_field(
            "audience",
            lambda _: audience.audience(whom.all, whom.operator_codes, whom.tags),
            whom,
        )
    return said
