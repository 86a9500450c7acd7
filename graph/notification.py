"""Notifications in the schema, and how they are made (N1, N4)."""

from datetime import datetime

import orjson
import strawberry

from core.errors import InvalidInput, Unavailable
from graph import ids
from graph.auth import Needs
from graph.context import Info
from graph.enums import ErrorCode
from graph.errors import Answers, UserError, user_errors
from graph.idempotency import key_field
from graph.node import Node
from graph.scalars import JSON
from rules import inbox as rules
from rules.roles import Permission
from services import notifications
from services.notifications import NewNotification


@strawberry.type(description="One notification in a user's inbox.")
class Notification(Node):
    """A notification as the schema has it."""

    timestamp: datetime = strawberry.field(description="When it was created.")
    is_new: bool = strawberry.field(description="Whether it is still unread.")
    user_id: strawberry.ID = strawberry.field(description="Whose it is: 24 hexadecimal digits.")
    key: str = strawberry.field(description="Its kind.")
    target_id: strawberry.ID | None = strawberry.field(description="What it is about.")
    title: str = strawberry.field(description="From the kind's title template.")
    body: str = strawberry.field(description="From the kind's body template.")
    cursor: str = strawberry.field(description="Its place among the user's events.")
    seq: int = strawberry.field(
        description="That place as a number: a newer notification of the user has a larger one."
    )
    is_archived: bool = strawberry.field(description="Whether it is in the archive.")
    updated_at: datetime | None = strawberry.field(description="When it was last updated, if ever.")
    data: JSON | None = strawberry.field(description="The JSON object given with it.")

    @classmethod
    def of(cls, user_id: str, item: rules.Item) -> "Notification":
        """The notification of an item; `at` may come as text from a wake-up."""
        updated_at = item.get("updated_at")
        return cls(
            id=strawberry.ID(ids.opaque("Notification", user_id, item["id"])),
            timestamp=_moment(item["at"]),
            is_new=item["new"],
            user_id=strawberry.ID(user_id),
            key=item["key"],
            target_id=item["target_id"],
            title=item["title"],
            body=item["body"],
            cursor=rules.cursor(user_id, item["seq"]),
            seq=item["seq"],
            is_archived=item.get("archived", False),
            updated_at=None if updated_at is None else _moment(updated_at),
            # Stored as text, which keeps every number exactly, and goes out as it is.
            data=None if item["data"] is None else JSON(orjson.Fragment(item["data"])),
        )


@strawberry.input(description="A notification to create.")
class CreateNotificationInput:
    """What createNotification takes."""

    user_id: strawberry.ID = strawberry.field(
        description="24 hexadecimal digits; an unknown user is created with the address in EMAIL."
    )
    key: str = strawberry.field(description="The kind, which decides what happens.")
    target_id: strawberry.ID | None = strawberry.field(
        default=None, description="What it is about: 24 hexadecimal digits."
    )
    data: JSON | None = strawberry.field(
        default=None, description="Any JSON object of at most 16,384 bytes."
    )
    idempotency_key: str | None = key_field()

    def request(self) -> NewNotification:
        """The same for the service."""
        return NewNotification(
            self.user_id, self.key, self.target_id, self.data, self.idempotency_key
        )


@strawberry.type(description="What became of the request, or what was wrong.")
class CreateNotificationPayload:
    """What createNotification answers."""

    notification: Notification | None = strawberry.field(
        default=None, description="Null if the kind stores none, or if the user has muted it."
    )
    unread: int | None = strawberry.field(default=None, description="Unread ones of the user.")
    message_id: strawberry.ID | None = strawberry.field(
        default=None, description="The e-mail on its way, if the kind sends one."
    )
    muted: bool = strawberry.field(
        default=False,
        description="Whether the user wants no notification of this kind in the inbox, so that there "
        "is none. Of an e-mail that is decided when it is about to leave: see its status.",
    )
    errors: list[UserError] = strawberry.field(default_factory=list)

    @classmethod
    def of(cls, notified: notifications.Answer) -> "CreateNotificationPayload":
        """The payload of a service's answer."""
        if isinstance(notified, InvalidInput):
            return cls(errors=user_errors(notified))
        if isinstance(notified, Unavailable):
            return cls(
                errors=[
                    UserError(
                        field="notifications", message=str(notified), code=ErrorCode.UNAVAILABLE
                    )
                ]
            )
        item, message = notified.item, notified.message_id
        return cls(
            notification=None if item is None else Notification.of(notified.user_id, item),
            unread=notified.unread,
            message_id=strawberry.ID(ids.opaque("Message", message)) if message else None,
            muted=notified.muted,
        )


@strawberry.input(description="Up to 1,000 notifications.")
class CreateNotificationsInput:
    """What createNotifications takes."""

    notifications: list[CreateNotificationInput]
    idempotency_key: str | None = key_field()

    def requests(self) -> list[NewNotification]:
        """The same for the service; raises InvalidInput."""
        for place, one in enumerate(self.notifications):
            if None not in (self.idempotency_key, one.idempotency_key):
                message = "give one key beside `notifications`, or one to each, but not both"
                raise InvalidInput.at(f"notifications.{place}.idempotencyKey", message)
        return [one.request() for one in self.notifications]


@strawberry.type(description="One answer per notification, in the order of the input.")
class CreateNotificationsPayload:
    """What createNotifications answers."""

    results: list[CreateNotificationPayload] = strawberry.field(default_factory=list)
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class NotificationMutation:
    """Mutations that make notifications."""

    @strawberry.mutation(
        description="Notify a user: into the inbox, by e-mail, or both, as the kind says.",
        extensions=[
            Needs(Permission.CREATE_NOTIFICATIONS),
            Answers(CreateNotificationPayload),
        ],
    )
    async def create_notification(
        self, info: Info, input: CreateNotificationInput
    ) -> CreateNotificationPayload:
        """Create one."""
        caller = info.context.require(Permission.CREATE_NOTIFICATIONS).subject
        created = await notifications.create(info.context.parts, caller, input.request())
        return CreateNotificationPayload.of(created)

    @strawberry.mutation(
        description=(
            "Notify up to 1,000 users at once; one mistake stops no other. Send those again whose "
            "error is `UNAVAILABLE`: the database failed before it had them all."
        ),
        extensions=[
            Needs(Permission.CREATE_NOTIFICATIONS),
            Answers(CreateNotificationsPayload),
        ],
    )
    async def create_notifications(
        self, info: Info, input: CreateNotificationsInput
    ) -> CreateNotificationsPayload:
        """Create many."""
        caller = info.context.require(Permission.CREATE_NOTIFICATIONS).subject
        parts, batch = info.context.parts, input.requests()
        answers = await notifications.create_many(parts, caller, batch, input.idempotency_key)
        return CreateNotificationsPayload(
            results=[CreateNotificationPayload.of(answer) for answer in answers]
        )


def _moment(at: datetime | str) -> datetime:
    """A time; one that came by a wake-up is a text."""
    return datetime.fromisoformat(at) if isinstance(at, str) else at
