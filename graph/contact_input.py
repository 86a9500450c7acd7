"""What mutations of contacts take."""

from datetime import datetime

import strawberry

from graph.client_input import TELEGRAM, VIBER, WHATSAPP
from graph.enums import Channel
from graph.idempotency import key_field
from services.contact_sends import ContactSend
from services.contacts import NewContact

NAME = "1 to 100 characters; unique among your contacts, in any case."


@strawberry.input(description="A contact to add, with a handle of at least one messenger.")
class CreateContactInput:
    """What createContact takes."""

    name: str = strawberry.field(description=NAME)
    telegram: str | None = strawberry.field(default=None, description=TELEGRAM)
    whatsapp: str | None = strawberry.field(default=None, description=WHATSAPP)
    viber: str | None = strawberry.field(default=None, description=VIBER)
    idempotency_key: str | None = key_field()

    def said(self) -> NewContact:
        """The same for the service."""
        return NewContact(self.name, self.telegram, self.whatsapp, self.viber)


@strawberry.input(description="Changes to a contact; what is absent stays as it is.")
class UpdateContactInput:
    """What updateContact takes."""

    id: strawberry.ID
    name: strawberry.Maybe[str | None] = strawberry.field(description=NAME)
    telegram: strawberry.Maybe[str | None] = strawberry.field(description=TELEGRAM)
    whatsapp: strawberry.Maybe[str | None] = strawberry.field(description=WHATSAPP)
    viber: strawberry.Maybe[str | None] = strawberry.field(description=VIBER)


@strawberry.input(description="The contact to delete, by its id or by its name.")
class DeleteContactInput:
    """What deleteContact takes."""

    id: strawberry.ID | None = None
    name: str | None = strawberry.field(default=None, description="In any case.")


@strawberry.input(description="A text to contacts by name, on every messenger that they have.")
class SendToContactsInput:
    """What sendToContacts takes."""

    names: list[str] = strawberry.field(
        description="Up to 1,000, in any case; one that is unknown refuses them all."
    )
    text: str = strawberry.field(
        description="Up to 4,096 characters for Telegram and WhatsApp, 7,000 for Viber."
    )
    not_before: datetime | None = strawberry.field(
        default=None, description="Nothing leaves before; without it, or if it is past, at once."
    )
    end_at: datetime | None = strawberry.field(
        default=None,
        description="Until when they are tried: at most 30 days after they are due; "
        "without it, 3 days.",
    )
    channels: list[Channel] | None = strawberry.field(
        default=None, description="Only by these messengers; without any, by all."
    )
    idempotency_key: str | None = key_field()

    def said(self) -> ContactSend:
        """The same for the service."""
        ways = tuple(dict.fromkeys(route.value for route in self.channels or ()))
        return ContactSend(tuple(self.names), self.text, self.not_before, self.end_at, ways)


@strawberry.input(description="Messages of the caller's own to try again.")
class RetryFailedMessagesInput:
    """What retryFailedMessages takes."""

    message_ids: list[strawberry.ID] = strawberry.field(
        description="Up to 1,000 that `failedMessages` lists; all or none."
    )
