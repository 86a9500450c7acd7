"""What happens to a notification after it was made: read, updated, archived, retracted (N5, X9)."""

import strawberry
from bson import ObjectId

from graph import ids
from graph.auth import Needs
from graph.context import Info
from graph.errors import Answers, UserError, at_field
from graph.notification import Notification
from graph.scalars import JSON
from rules import addresses
from rules import inbox as rules
from rules.roles import Permission, may
from services import inbox, revisions


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


@strawberry.input(description="What a notification shall say; what is absent stays as it is.")
class UpdateNotificationInput:
    """What updateNotification takes."""

    id: strawberry.ID = strawberry.field(description="The notification's id.")
    target_id: strawberry.Maybe[strawberry.ID | None] = strawberry.field(
        description="What it is about: 24 hexadecimal digits, or null for nothing."
    )
    data: strawberry.Maybe[JSON | None] = strawberry.field(
        description="Any JSON object of at most 16,384 bytes, or null for none."
    )


@strawberry.input(description="One notification.")
class NotificationInput:
    """What mutations of one notification take."""

    id: strawberry.ID = strawberry.field(description="The notification's id.")


@strawberry.type(description="The notification as it is now, or what was wrong.")
class NotificationPayload:
    """What changes of a notification answer."""

    notification: Notification | None = None
    changed: bool = strawberry.field(default=False, description="False for a repeat.")
    unread: int | None = strawberry.field(default=None, description="Unread ones of the user.")
    errors: list[UserError] = strawberry.field(default_factory=list)

    @classmethod
    def of(cls, user_id: ObjectId, done: inbox.Changed) -> "NotificationPayload":
        """The payload of a service's answer."""
        return cls(
            notification=Notification.of(str(user_id), done.item),
            changed=done.changed,
            unread=done.unread,
        )


@strawberry.type(description="The state after retracting, or what was wrong.")
class RetractNotificationPayload:
    """What retractNotification answers."""

    id: strawberry.ID | None = strawberry.field(default=None, description="Its id, as given.")
    changed: bool = strawberry.field(default=False, description="False for a repeat.")
    unread: int | None = strawberry.field(default=None, description="Unread ones of the user.")
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class NotificationChangeMutation:
    """Mutations of notifications that are there."""

    @strawberry.mutation(
        description="Mark one notification read; a repeat changes nothing.",
        extensions=[Needs(Permission.READ_OWN_INBOX), Answers(MarkReadPayload)],
    )
    async def mark_notification_read(
        self, info: Info, input: MarkNotificationReadInput
    ) -> MarkReadPayload:
        """Mark one."""
        user_id, item_id = _own(info, input.id)
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

    @strawberry.mutation(
        description=(
            "Let a notification say something else: its kind makes title and body anew. Its place, "
            "its time and whether it is read stay. Senders can change what they made themselves."
        ),
        extensions=[Needs(Permission.CREATE_NOTIFICATIONS), Answers(NotificationPayload)],
    )
    async def update_notification(
        self, info: Info, input: UpdateNotificationInput
    ) -> NotificationPayload:
        """Update one."""
        user_id, item_id = at_field("id", _anyones, input.id)
        given = {"target_id": input.target_id, "data": input.data}
        changes = {name: some.value for name, some in given.items() if some is not None}
        parts, maker = info.context.parts, _maker(info)
        done = await revisions.update(parts, user_id, item_id, changes, maker)
        return NotificationPayload.of(user_id, done)

    @strawberry.mutation(
        description=(
            "Take a notification back: it disappears from every tab and counts nowhere, and its "
            "e-mail stays unsent if it has not left. Senders can take back what they made themselves."
        ),
        extensions=[Needs(Permission.CREATE_NOTIFICATIONS), Answers(RetractNotificationPayload)],
    )
    async def retract_notification(
        self, info: Info, input: NotificationInput
    ) -> RetractNotificationPayload:
        """Retract one."""
        user_id, item_id = at_field("id", _anyones, input.id)
        done = await revisions.retract(info.context.parts, user_id, item_id, _maker(info))
        return RetractNotificationPayload(id=input.id, changed=done.changed, unread=done.unread)

    @strawberry.mutation(
        description="Put a notification into the archive, which reads it; a repeat changes nothing.",
        extensions=[Needs(Permission.READ_OWN_INBOX), Answers(NotificationPayload)],
    )
    async def archive_notification(
        self, info: Info, input: NotificationInput
    ) -> NotificationPayload:
        """Archive one."""
        return await _archive(info, input.id, archived=True)

    @strawberry.mutation(
        description="Take a notification out of the archive; it stays read.",
        extensions=[Needs(Permission.READ_OWN_INBOX), Answers(NotificationPayload)],
    )
    async def unarchive_notification(
        self, info: Info, input: NotificationInput
    ) -> NotificationPayload:
        """Take one out again."""
        return await _archive(info, input.id, archived=False)


async def _archive(info: Info, raw_id: str, *, archived: bool) -> NotificationPayload:
    user_id, item_id = _own(info, raw_id)
    done = await inbox.archive(info.context.parts, user_id, item_id, archived=archived)
    return NotificationPayload.of(user_id, done)


def _own(info: Info, raw_id: str) -> tuple[ObjectId, str]:
    user_key, item_id = at_field("id", _notification_key, raw_id)
    return at_field("id", info.context.own_inbox, user_key), item_id


def _maker(info: Info) -> str | None:
    """Whose notifications the caller may change; None for everybody's."""
    caller = info.context.require(Permission.CREATE_NOTIFICATIONS)
    return None if may(caller, Permission.READ_ANY_INBOX) else caller.subject


def _anyones(raw_id: str) -> tuple[ObjectId, str]:
    user_key, item_id = _notification_key(raw_id)
    return addresses.object_id(user_key), item_id


def _notification_key(raw: str) -> tuple[str, str]:
    user_id, item_id = (*ids.key_of("Notification", raw), "")[:2]
    return user_id, item_id
