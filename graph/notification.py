"""Notifications in the schema (N1, N4, N5)."""

from datetime import datetime

import orjson
import strawberry

from core.errors import InvalidInput
from graph import ids
from graph.auth import Needs
from graph.context import Info
from graph.errors import Answers, UserError, at_field, user_errors
from graph.node import Node
from graph.scalars import JSON
from rules import inbox as rules
from rules.roles import Permission
from services import inbox, notifications


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
    data: JSON | None = strawberry.field(description="The JSON object given with it.")

    @classmethod
    def of(cls, user_id: str, item: rules.Item) -> "Notification":
        """The notification of an item; `at` may come as text from a wake-up."""
        at = item["at"]
        return cls(
            id=strawberry.ID(ids.opaque("Notification", user_id, item["id"])),
            timestamp=datetime.fromisoformat(at) if isinstance(at, str) else at,
            is_new=item["new"],
            user_id=strawberry.ID(user_id),
            key=item["key"],
            target_id=item["target_id"],
            title=item["title"],
            body=item["body"],
            cursor=rules.cursor(user_id, item["seq"]),
            # Stored as text, which keeps every number exactly.
            data=None if item["data"] is None else orjson.loads(item["data"]),
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
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="Repeats with this key and input get the first answer, for 24 hours.",
    )

    def request(self) -> notifications.NewNotification:
        """The same for the service."""
        return notifications.NewNotification(
            self.user_id, self.key, self.target_id, self.data, self.idempotency_key
        )


@strawberry.type(description="What became of the request, or what was wrong.")
class CreateNotificationPayload:
    """What createNotification answers."""

    notification: Notification | None = strawberry.field(
        default=None, description="Null if the kind stores none."
    )
    unread: int | None = strawberry.field(default=None, description="Unread ones of the user.")
    message_id: strawberry.ID | None = strawberry.field(
        default=None, description="The e-mail on its way, if the kind sends one."
    )
    errors: list[UserError] = strawberry.field(default_factory=list)

    @classmethod
    def of(cls, notified: notifications.Notified) -> "CreateNotificationPayload":
        """The payload of a service's answer."""
        item, message = notified.item, notified.message_id
        return cls(
            notification=None if item is None else Notification.of(notified.user_id, item),
            unread=notified.unread,
            message_id=strawberry.ID(ids.opaque("Message", message)) if message else None,
        )


@strawberry.input(description="Up to 1,000 notifications.")
class CreateNotificationsInput:
    """What createNotifications takes."""

    notifications: list[CreateNotificationInput]


@strawberry.type(description="One answer per notification, in the order of the input.")
class CreateNotificationsPayload:
    """What createNotifications answers."""

    results: list[CreateNotificationPayload] = strawberry.field(default_factory=list)
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.input(description="The notification that was read.")
class MarkNotificationReadInput:
    """What markNotificationRead takes."""

    id: strawberry.ID = strawberry.field(description="The notification's id.")


@strawberry.input(description="All notifications up to a place.")
class MarkNotificationsReadInput:
    """What markNotificationsRead takes."""

    user_id: strawberry.ID
    up_to: str = strawberry.field(
        description="A cursor, as of a notification or `headCursor`: what came later stays unread."
    )


@strawberry.type(description="The state after marking, or what was wrong.")
class MarkReadPayload:
    """What marking answers."""

    notification: Notification | None = strawberry.field(
        default=None, description="The notification, where one was named."
    )
    marked: int = strawberry.field(default=0, description="How many were unread before.")
    unread: int | None = strawberry.field(default=None, description="How many still are.")
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class NotificationMutation:
    """Mutations of notifications."""

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
        description="Notify up to 1,000 users at once; one mistake stops no other.",
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
        batch = [one.request() for one in input.notifications]
        answers = await notifications.create_many(info.context.parts, caller, batch)
        return CreateNotificationsPayload(
            results=[
                CreateNotificationPayload(errors=user_errors(answer))
                if isinstance(answer, InvalidInput)
                else CreateNotificationPayload.of(answer)
                for answer in answers
            ]
        )

    @strawberry.mutation(
        description="Mark one notification read; a repeat changes nothing.",
        extensions=[Needs(Permission.READ_OWN_INBOX), Answers(MarkReadPayload)],
    )
    async def mark_notification_read(
        self, info: Info, input: MarkNotificationReadInput
    ) -> MarkReadPayload:
        """Mark one."""
        user_key, item_id = at_field("id", _notification_key, input.id)
        user_id = at_field("id", info.context.own_inbox, user_key)
        marked = await inbox.mark_read(info.context.parts, user_id, item_ids=[item_id])
        item = await inbox.find_item(user_id, item_id)
        if marked is None or item is None:
            raise inbox.gone()
        return MarkReadPayload(
            notification=Notification.of(str(user_id), item),
            marked=marked.changed,
            unread=marked.unread,
        )

    @strawberry.mutation(
        description="Mark all read up to a cursor; what came after it stays unread.",
        extensions=[Needs(Permission.READ_OWN_INBOX), Answers(MarkReadPayload)],
    )
    async def mark_notifications_read(
        self, info: Info, input: MarkNotificationsReadInput
    ) -> MarkReadPayload:
        """Mark many."""
        user_id = at_field("userId", info.context.own_inbox, input.user_id)
        place = at_field("upTo", lambda raw: rules.place(str(user_id), raw), input.up_to)
        marked = await inbox.mark_read(info.context.parts, user_id, up_to=place)
        if marked is None:
            return MarkReadPayload(marked=0, unread=0)
        return MarkReadPayload(marked=marked.changed, unread=marked.unread)


def _notification_key(raw: str) -> tuple[str, str]:
    user_id, item_id = (*ids.key_of("Notification", raw), "")[:2]
    return user_id, item_id
