"""Mutations that steer mailings: pause, resume, cancel, clone, try again (X7)."""

from datetime import datetime

import strawberry

from core.errors import InvalidInput
from graph.auth import Needs
from graph.context import Info
from graph.enums import MessageStatus
from graph.errors import Answers, UserError
from graph.mailing import Mailing, mailing_id
from graph.mailing_input import (
    CancelMailingInput,
    CloneMailingInput,
    PauseMailingInput,
    ResumeMailingInput,
)
from graph.mailing_mutation import MailingPayload
from graph.message import message_ids
from rules.message import Status
from rules.roles import Permission
from services import control, retries


@strawberry.input(description="Messages to try again: those of a mailing, or single ones.")
class RetryMessagesInput:
    """What retryMessages takes."""

    mailing_id: strawberry.ID | None = strawberry.field(
        default=None, description="All of this mailing in the statuses; or else `messageIds`."
    )
    statuses: list[MessageStatus] | None = strawberry.field(
        default=None,
        description=(
            "FAILED, UNDELIVERABLE, EXPIRED, UNCERTAIN (which may arrive twice), SUPPRESSED (asked "
            "again before it leaves); without any, just FAILED."
        ),
    )
    message_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Up to 1,000, of mailings or of notifications; all or none."
    )
    end_at: datetime | None = strawberry.field(
        default=None, description="A new end for the mailings; needed where an old one is past."
    )


@strawberry.type(description="What will be tried again, or what was wrong.")
class RetryMessagesPayload:
    """What retryMessages answers."""

    mailing: Mailing | None = strawberry.field(
        default=None, description="The mailing, if all are of one."
    )
    count: int = strawberry.field(default=0, description="Messages that will be tried again.")
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class MailingControlMutation:
    """Mutations that steer mailings."""

    @strawberry.mutation(
        description="Stop a mailing for now: within a second nothing new leaves. Its end stays as it is.",
        extensions=[Needs(Permission.MANAGE_MAILINGS), Answers(MailingPayload)],
    )
    async def pause_mailing(self, info: Info, input: PauseMailingInput) -> MailingPayload:
        """Pause one."""
        caller = info.context.require(Permission.MANAGE_MAILINGS).subject
        key = mailing_id("id", input.id)
        return MailingPayload(
            mailing=Mailing.of(await control.pause(info.context.parts, key, caller))
        )

    @strawberry.mutation(
        description="Let a paused mailing go on.",
        extensions=[Needs(Permission.MANAGE_MAILINGS), Answers(MailingPayload)],
    )
    async def resume_mailing(self, info: Info, input: ResumeMailingInput) -> MailingPayload:
        """Resume one."""
        caller = info.context.require(Permission.MANAGE_MAILINGS).subject
        key = mailing_id("id", input.id)
        return MailingPayload(
            mailing=Mailing.of(await control.resume(info.context.parts, key, caller))
        )

    @strawberry.mutation(
        description="End a mailing before its time; unlike a deleted one it stays on the list.",
        extensions=[Needs(Permission.MANAGE_MAILINGS), Answers(MailingPayload)],
    )
    async def cancel_mailing(self, info: Info, input: CancelMailingInput) -> MailingPayload:
        """Cancel one."""
        caller = info.context.require(Permission.MANAGE_MAILINGS).subject
        key = mailing_id("id", input.id)
        return MailingPayload(
            mailing=Mailing.of(await control.cancel(info.context.parts, key, caller))
        )

    @strawberry.mutation(
        description="Create a mailing that says the same as another one, at another time.",
        extensions=[Needs(Permission.MANAGE_MAILINGS), Answers(MailingPayload)],
    )
    async def clone_mailing(self, info: Info, input: CloneMailingInput) -> MailingPayload:
        """Clone one."""
        caller = info.context.require(Permission.MANAGE_MAILINGS).subject
        source = mailing_id("id", input.id)
        changes = {} if input.topic is None else {"topic": input.topic.value}
        wanted = control.Clone(source, input.start_at, input.end_at, input.name, changes)
        parts, key = info.context.parts, input.idempotency_key
        return MailingPayload(mailing=Mailing.of(await control.clone(parts, caller, wanted, key)))

    @strawberry.mutation(
        description="Try messages again that failed, expired or are uncertain, under their old ids.",
        extensions=[Needs(Permission.MANAGE_MAILINGS), Answers(RetryMessagesPayload)],
    )
    async def retry_messages(self, info: Info, input: RetryMessagesInput) -> RetryMessagesPayload:
        """Retry many."""
        caller = info.context.require(Permission.MANAGE_MAILINGS).subject
        retried = await _retry(info, input, caller)
        return RetryMessagesPayload(
            mailing=retried.mailing and Mailing.of(retried.mailing), count=retried.count
        )


async def _retry(info: Info, input: RetryMessagesInput, caller: str) -> retries.Retried:
    parts = info.context.parts
    if (input.mailing_id is None) == (input.message_ids is None):
        raise InvalidInput.at("mailingId", "give either mailingId or messageIds, not both")
    if input.mailing_id is not None:
        key = mailing_id("mailingId", input.mailing_id)
        statuses = [Status.FAILED] if input.statuses is None else input.statuses
        return await retries.of_mailing(parts, key, statuses, caller, input.end_at)
    if input.statuses is not None:
        raise InvalidInput.at(
            "statuses", "goes with mailingId only: leave it out, or name a mailing"
        )
    keys = message_ids(input.message_ids or [])
    return await retries.of_messages(parts, keys, caller, input.end_at)
