"""What mutations of users take."""

from typing import Any

import strawberry

from graph.client_input import LOCALE
from graph.idempotency import key_field
from services.new_user import RULES, NewUser


@strawberry.input(description="A user, and how it is written to; what is absent stays as it is.")
class UserInput:
    """One of many."""

    user_id: strawberry.ID = strawberry.field(
        description="24 hexadecimal digits; a user that there is not is made."
    )
    email: strawberry.Maybe[str | None] = strawberry.field(
        description="Where it gets e-mail; a new user without one gets it at the address in EMAIL."
    )
    locale: strawberry.Maybe[str | None] = strawberry.field(description=LOCALE)
    time_zone: strawberry.Maybe[str | None] = strawberry.field(
        description="IANA name; a new user without one is in UTC."
    )

    def said(self) -> NewUser:
        """The same for the service."""
        given: dict[str, Any] = {name: getattr(self, name) for name in RULES}
        values = {name: some.value for name, some in given.items() if some is not None}
        return NewUser(self.user_id, values)


@strawberry.input(
    description="How a user is to be written to; what is absent stays as it is, and a user that "
    "there is not is made."
)
class SaveUserInput(UserInput):
    """What saveUser takes."""

    idempotency_key: str | None = key_field()


@strawberry.input(description="Up to 1,000 users, each named once.")
class SaveUsersInput:
    """What saveUsers takes."""

    users: list[UserInput]
    idempotency_key: str | None = key_field()

    def said(self) -> list[NewUser]:
        """The same for the service."""
        return [user.said() for user in self.users]
