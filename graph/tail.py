"""The live tail of attempts in the schema (X4)."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import strawberry

from graph.auth import Needs
from graph.mailing import mailing_id as key_of
from graph.message import Attempt
from rules.roles import Permission
from services import tail


@strawberry.type(description="Attempts that were made since the last event.")
class DeliveryAttempts:
    """A batch of the tail."""

    attempts: list[Attempt] = strawberry.field(description="The newest, up to 50; oldest first.")
    skipped: int = strawberry.field(description="How many more there were.")


@strawberry.type
class TailSubscription:
    """Live attempts."""

    @strawberry.subscription(
        description=(
            "The attempts to deliver a mailing's messages, as they are made, at most twice a second. "
            "The first event is empty and says that it listens."
        ),
        extensions=[Needs(Permission.READ_MAILINGS)],
    )
    async def delivery_attempts(
        self, mailing_id: strawberry.ID
    ) -> AsyncGenerator[DeliveryAttempts, None]:
        """Follow the attempts of a mailing."""
        async with aclosing(tail.follow(key_of("mailingId", mailing_id))) as batches:
            async for batch in batches:
                shown = [Attempt.of(attempt) for attempt in batch.attempts]
                yield DeliveryAttempts(attempts=shown, skipped=batch.skipped)
