"""What happens in an inbox, as events of a subscription (X1, X2, X9)."""

from collections.abc import AsyncGenerator
from typing import Any, assert_never

import strawberry
from bson import ObjectId

from graph import ids
from graph.auth import Needs
from graph.context import Info
from graph.errors import at_field
from graph.inbox import cursor_place
from graph.notification import Notification
from rules import inbox as rules
from rules.roles import Permission
from services import bell
from services.announcements import Announcement


@strawberry.interface(description="Something happened in an inbox.")
class InboxEvent:
    """What all events have."""

    cursor: str = strawberry.field(description="Subscribe `after` this to go on from here.")
    seq: int = strawberry.field(
        description="That place as a number: a later event of the user has a larger one."
    )
    unread: int = strawberry.field(description="Unread notifications now: the badge.")
    dropped_up_to: int = strawberry.field(
        description="Notifications whose `seq` is not above this have fallen out of the inbox."
    )
    replayed: bool = strawberry.field(description="Whether it happened before the subscription.")


@strawberry.type(description="A notification came in.")
class NotificationCreated(InboxEvent):
    """A new notification."""

    notification: Notification


@strawberry.type(description="A notification says something else.")
class NotificationUpdated(InboxEvent):
    """A notification with other words."""

    notification: Notification


@strawberry.type(description="Notifications were read, here or in another tab.")
class NotificationsRead(InboxEvent):
    """Notifications that were read at once."""

    notifications: list[Notification]


@strawberry.type(description="A notification was taken back: forget it, where you know it.")
class NotificationRetracted(InboxEvent):
    """A notification that is gone."""

    notification_id: strawberry.ID


@strawberry.type(description="A notification went into the archive.")
class NotificationArchived(InboxEvent):
    """A notification in the archive."""

    notification: Notification


@strawberry.type(description="A notification came back from the archive.")
class NotificationUnarchived(InboxEvent):
    """A notification in the inbox again."""

    notification: Notification


@strawberry.type(description="The cursor is too old: query the inbox, go on from this cursor.")
class Resync(InboxEvent):
    """What was missed is no longer kept as events."""


EVENTS = (
    NotificationCreated,
    NotificationUpdated,
    NotificationsRead,
    NotificationRetracted,
    NotificationArchived,
    NotificationUnarchived,
    Resync,
)


@strawberry.type
class InboxSubscription:
    """Live inboxes."""

    @strawberry.subscription(
        description=(
            "What happens in a user's inbox: first what came after the cursor, then live, without "
            "gap or double. Without `after` it starts now."
        ),
        extensions=[Needs(Permission.READ_OWN_INBOX)],
    )
    async def inbox_events(
        self, info: Info, user_id: strawberry.ID, after: str | None = None
    ) -> AsyncGenerator[InboxEvent, None]:
        """Follow an inbox."""
        owner: ObjectId = at_field("userId", info.context.own_inbox, user_id)
        place = cursor_place(str(owner), "after", after)
        async for announcement in bell.follow(info.context.parts, owner, place):
            yield _event(str(owner), announcement)


def _event(user_id: str, told: Announcement) -> InboxEvent:
    event = told.event
    common: dict[str, Any] = {
        "cursor": rules.cursor(user_id, event.seq),
        "seq": event.seq,
        "unread": told.unread,
        "dropped_up_to": told.floor,
        "replayed": told.replayed,
    }
    match event:
        case rules.Created(item=item):
            return NotificationCreated(notification=Notification.of(user_id, item), **common)
        case rules.Updated(item=item):
            return NotificationUpdated(notification=Notification.of(user_id, item), **common)
        case rules.Archived(item=item):
            return NotificationArchived(notification=Notification.of(user_id, item), **common)
        case rules.Unarchived(item=item):
            return NotificationUnarchived(notification=Notification.of(user_id, item), **common)
        case rules.Read(items=items):
            read = [Notification.of(user_id, item) for item in items]
            return NotificationsRead(notifications=read, **common)
        case rules.Retracted(item_id=item_id):
            gone = strawberry.ID(ids.opaque("Notification", user_id, item_id))
            return NotificationRetracted(notification_id=gone, **common)
        case rules.Resync():
            return Resync(**common)
        case _:
            assert_never(event)
