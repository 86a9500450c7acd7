"""What queries and mutations of the suppression list take."""

import strawberry

from graph.enums import Channel, SuppressionReason
from graph.paging import choices
from services.suppressions import NewSuppression, SuppressionFilter

ADDRESS = "E-mail address, phone or handle, as the channel has it."


@strawberry.input(description="Which suppressions: AND between the fields, OR inside one.")
class SuppressionFilterInput:
    """Narrows the list."""

    channel: Channel | None = strawberry.field(default=None, description="Of this channel.")
    reasons: list[SuppressionReason] | None = strawberry.field(
        default=None, description="For one of these reasons."
    )
    address: str | None = strawberry.field(
        default=None, description=f"Just this one, however it is written. {ADDRESS}"
    )

    def said(self) -> SuppressionFilter:
        """The same for the service; raises InvalidInput."""
        return SuppressionFilter(
            self.channel and self.channel.value,
            choices("filter.reasons", self.reasons),
            self.address,
        )


@strawberry.input(description="An address to send nothing to any more.")
class AddSuppressionInput:
    """What addSuppression takes; a repeat adds nothing, so it needs no idempotency key."""

    channel: Channel = strawberry.field(description="The channel that it is an address of.")
    address: str = strawberry.field(description=ADDRESS)
    note: str = strawberry.field(default="", description="Why, in at most 500 characters.")

    def said(self) -> NewSuppression:
        """The same for the service."""
        return NewSuppression(self.channel.value, self.address, self.note)


@strawberry.input(description="Up to 1,000 addresses to send nothing to any more.")
class AddSuppressionsInput:
    """What addSuppressions takes."""

    suppressions: list[AddSuppressionInput] = strawberry.field(description="The addresses.")


@strawberry.input(description="An address that may be sent to again.")
class RemoveSuppressionInput:
    """What removeSuppression takes."""

    channel: Channel = strawberry.field(description="The channel that it is an address of.")
    address: str = strawberry.field(description=ADDRESS)

    def said(self) -> NewSuppression:
        """The same for the service."""
        return NewSuppression(self.channel.value, self.address)


@strawberry.input(description="Up to 1,000 addresses that may be sent to again.")
class RemoveSuppressionsInput:
    """What removeSuppressions takes."""

    suppressions: list[RemoveSuppressionInput] = strawberry.field(description="The addresses.")
