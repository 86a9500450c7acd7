"""Mutations of mailings (M2)."""

import strawberry

from graph.auth import Needs
from graph.context import Info
from graph.errors import Answers, UserError
from graph.mailing import Mailing, mailing_id
from graph.mailing_input import CreateMailingInput, DeleteMailingInput, UpdateMailingInput
from rules.roles import Permission
from services import changes, mailings


@strawberry.type(description="The mailing, or what was wrong.")
class MailingPayload:
    """What mutations of mailings answer."""

    mailing: Mailing | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)

    @strawberry.field(
        description=(
            "Its messages that are not yet sent: those that the change still reaches, but for what is "
            "leaving just now. 0 before the launch, which makes them."
        )
    )
    async def pending_messages(self) -> int:
        """Counted only when asked for."""
        return 0 if self.mailing is None else await changes.reach(self.mailing.key)


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
        parts, key = info.context.parts, input.idempotency_key
        return MailingPayload(
            mailing=Mailing.of(await mailings.create(parts, caller, input.said(), key))
        )

    @strawberry.mutation(
        description="Change a mailing; messages not yet sent follow.",
        extensions=[Needs(Permission.MANAGE_MAILINGS), Answers(MailingPayload)],
    )
    async def update_mailing(self, info: Info, input: UpdateMailingInput) -> MailingPayload:
        """Change one."""
        caller = info.context.require(Permission.MANAGE_MAILINGS).subject
        said, key = input.said(), mailing_id("id", input.id)
        updated = await mailings.update(info.context.parts, key, said, caller)
        return MailingPayload(mailing=Mailing.of(updated))

    @strawberry.mutation(
        description="Delete a mailing and cancel its unsent messages; what was sent stays.",
        extensions=[Needs(Permission.MANAGE_MAILINGS), Answers(MailingPayload)],
    )
    async def delete_mailing(self, info: Info, input: DeleteMailingInput) -> MailingPayload:
        """Delete one."""
        caller = info.context.require(Permission.MANAGE_MAILINGS).subject
        key = mailing_id("id", input.id)
        deleted = await mailings.delete(info.context.parts, key, caller)
        return MailingPayload(mailing=Mailing.of(deleted))
