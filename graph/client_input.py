"""What queries and mutations of clients take."""

import strawberry

from core.errors import InvalidInput
from graph.idempotency import key_field
from graph.paging import choices
from services.clients import ClientFilter
from services.new_client import NewClient

TELEGRAM = "Number of the chat with the bot, or the @name of a public channel or group."
WHATSAPP = "7 to 15 digits, the country's code first."
VIBER = "The id that Viber gave the bot for the user."

LOCALE = "A tag of BCP 47, as in de-AT; null: the default of each template."


@strawberry.input(description="Which clients: AND between the fields, OR inside one.")
class ClientFilterInput:
    """Narrows a list of clients."""

    phone: str | None = None
    operator_codes: list[str] | None = None
    tags: list[str] | None = None
    time_zones: list[str] | None = None

    def said(self) -> ClientFilter:
        """The same for the service; raises InvalidInput."""
        return ClientFilter(
            self.phone,
            choices("filter.operatorCodes", self.operator_codes),
            choices("filter.tags", self.tags),
            choices("filter.timeZones", self.time_zones),
        )


@strawberry.input(description="A client to add.")
class CreateClientInput:
    """What createClient takes."""

    phone: str = strawberry.field(description="7XXXXXXXXXX, unique.")
    operator_code: str | None = strawberry.field(
        default=None, description="3 digits; without it, those after the 7."
    )
    tags: list[str] = strawberry.field(default_factory=list)
    time_zone: str = strawberry.field(default="UTC", description="IANA name.")
    email: str | None = None
    telegram: str | None = strawberry.field(default=None, description=TELEGRAM)
    whatsapp: str | None = strawberry.field(default=None, description=WHATSAPP)
    viber: str | None = strawberry.field(default=None, description=VIBER)
    locale: str | None = strawberry.field(default=None, description=LOCALE)
    idempotency_key: str | None = key_field()

    def said(self) -> NewClient:
        """The same for the service."""
        return NewClient(
            self.phone,
            self.operator_code,
            tuple(self.tags),
            self.time_zone,
            self.email,
            self.telegram,
            self.whatsapp,
            self.viber,
            self.locale,
        )


@strawberry.input(description="Up to 1,000 clients to add.")
class CreateClientsInput:
    """What createClients takes."""

    clients: list[CreateClientInput]
    idempotency_key: str | None = key_field()

    def said(self) -> list[NewClient]:
        """The same for the service; raises InvalidInput."""
        for place, client in enumerate(self.clients):
            if client.idempotency_key is not None:
                message = "the whole request has one key: give it beside `clients`"
                raise InvalidInput.at(f"clients.{place}.idempotencyKey", message)
        return [client.said() for client in self.clients]


@strawberry.input(description="Changes to a client; what is absent stays as it is.")
class UpdateClientInput:
    """What updateClient takes."""

    id: strawberry.ID
    phone: strawberry.Maybe[str | None]
    operator_code: strawberry.Maybe[str | None]
    tags: strawberry.Maybe[list[str] | None]
    time_zone: strawberry.Maybe[str | None]
    email: strawberry.Maybe[str | None]
    telegram: strawberry.Maybe[str | None] = strawberry.field(description=TELEGRAM)
    whatsapp: strawberry.Maybe[str | None] = strawberry.field(description=WHATSAPP)
    viber: strawberry.Maybe[str | None] = strawberry.field(description=VIBER)
    locale: strawberry.Maybe[str | None] = strawberry.field(description=LOCALE)


@strawberry.input(description="The client to delete.")
class DeleteClientInput:
    """What deleteClient takes."""

    id: strawberry.ID
