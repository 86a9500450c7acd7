"""A user's inbox in the schema: state by query, events by subscription (N4, X1, X2)."""

from collections.abc import AsyncGenerator
from typing import assert_never

import strawberry
from bson import ObjectId

from graph.auth import Needs
from graph.context import Info
from graph.errors import at_field
from graph.notification import Notification
from graph.paging import PageInfo, page_info, page_size
from graph.paging import skip as checked_skip
from graph.selection import selects
from rules import inbox as rules
from rules.roles import Permission
from services import bell, inbox


@strawberry.input(description="Which notifications: AND between the fields, OR inside one.")
class NotificationFilter:
    """Narrows a list of notifications."""

    unread: bool | None = strawberry.field(default=None, description="Only (not) unread ones.")
    keys: list[str] | None = strawberry.field(default=None, description="Of these kinds.")

    def fits(self, item: rules.Item) -> bool:
        """Whether an item is wanted."""
        if self.unread is not None and item["new"] is not self.unread:
            return False
        return self.keys is None or item["key"] in self.keys


@strawberry.type(description="A notification at its place in the list.")
class NotificationEdge:
    """Relay's edge."""

    cursor: str
    node: Notification


@strawberry.type(description="Notifications, newest first.")
class NotificationConnection:
    """Relay's connection."""

    edges: list[NotificationEdge]
    page_info: PageInfo
    total_count: int = strawberry.field(description="All that fit the filter.")

    @strawberry.field(description="The notifications without their edges.")
    def nodes(self) -> list[Notification]:
        """A short cut, as GitHub's API has it."""
        return [edge.node for edge in self.edges]


@strawberry.type(description="A page by number, and what was asked for.")
class NotificationPage:
    """N4's page by `skip` and `limit`."""

    total: int = strawberry.field(description="All notifications in the inbox.")
    unread: int = strawberry.field(description="Those still unread.")
    skip: int
    limit: int
    list: list[Notification]


@strawberry.type(description="A user's inbox, as it was at one moment.")
class Inbox:
    """An inbox as the schema has it."""

    user_id: strawberry.ID
    total: int = strawberry.field(description="Notifications kept.")
    unread: int = strawberry.field(description="Those still unread.")
    head_cursor: str = strawberry.field(
        description="The newest event's place: subscribe after it and miss nothing."
    )
    items: strawberry.Private[tuple[rules.Item, ...]]

    @strawberry.field(description="The notifications by cursor, newest first.")
    def notifications(
        self,
        first: int = 20,
        after: str | None = None,
        filter: NotificationFilter | None = None,
    ) -> NotificationConnection:
        """A page of the list that the inbox was read with."""
        page_size(first)
        user_id = str(self.user_id)
        before = _place(user_id, "after", after)
        fit = [item for item in self.items if filter is None or filter.fits(item)]
        rest = [item for item in fit if before is None or item["seq"] < before]
        edges = [
            NotificationEdge(cursor=node.cursor, node=node)
            for node in (Notification.of(user_id, item) for item in rest[:first])
        ]
        info = page_info(
            [edge.cursor for edge in edges],
            has_next=len(rest) > first,
            has_previous=len(rest) < len(fit),
        )
        return NotificationConnection(edges=edges, page_info=info, total_count=len(fit))

    @strawberry.field(description="The notifications by number, newest first.")
    def page(self, skip: int = 0, limit: int = 20) -> NotificationPage:
        """A page of the list that the inbox was read with."""
        checked_skip(skip)
        page_size(limit, "limit")
        user_id = str(self.user_id)
        chosen = self.items[skip : skip + limit]
        return NotificationPage(
            total=self.total,
            unread=self.unread,
            skip=skip,
            limit=limit,
            list=[Notification.of(user_id, item) for item in chosen],
        )


@strawberry.interface(description="Something happened in an inbox.")
class InboxEvent:
    """What all events have."""

    cursor: str = strawberry.field(description="Subscribe `after` this to go on from here.")
    unread: int = strawberry.field(description="Unread notifications now: the badge.")
    replayed: bool = strawberry.field(description="Whether it happened before the subscription.")


@strawberry.type(description="A notification came in.")
class NotificationCreated(InboxEvent):
    """A new notification."""

    notification: Notification


@strawberry.type(description="Notifications were read, here or in another tab.")
class NotificationsRead(InboxEvent):
    """Notifications that were read at once."""

    notifications: list[Notification]


@strawberry.type(description="The cursor is too old: query the inbox, go on from this cursor.")
class Resync(InboxEvent):
    """What was missed is no longer kept as events."""


@strawberry.type
class InboxQuery:
    """Queries about inboxes."""

    @strawberry.field(
        description="A user's inbox. A subscriber's token opens only its own.",
        extensions=[Needs(Permission.READ_OWN_INBOX)],
    )
    async def inbox(self, info: Info, user_id: strawberry.ID) -> Inbox:
        """One read serves every field."""
        owner: ObjectId = at_field("userId", info.context.own_inbox, user_id)
        state = await inbox.load(owner, with_items=selects(info, "notifications", "page"))
        return Inbox(
            user_id=strawberry.ID(state.user_id),
            total=state.total,
            unread=state.unread,
            head_cursor=rules.cursor(state.user_id, state.seq),
            items=state.items or (),
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
        place = _place(str(owner), "after", after)
        async for announcement in bell.follow(info.context.parts, owner, place):
            yield _event(str(owner), announcement)


def _place(user_id: str, field: str, raw: str | None) -> int | None:
    if raw is None:
        return None
    place: int = at_field(field, lambda cursor: rules.place(user_id, cursor), raw)
    return place


def _event(user_id: str, told: bell.Announcement) -> InboxEvent:
    event = told.event
    cursor = rules.cursor(user_id, event.seq)
    match event:
        case rules.Created(item=item):
            return NotificationCreated(
                cursor=cursor,
                unread=told.unread,
                replayed=told.replayed,
                notification=Notification.of(user_id, item),
            )
        case rules.Read(items=items):
            read = [Notification.of(user_id, item) for item in items]
            return NotificationsRead(
                cursor=cursor, unread=told.unread, replayed=told.replayed, notifications=read
            )
        case rules.Resync():
            return Resync(cursor=cursor, unread=told.unread, replayed=told.replayed)
        case _:
            assert_never(event)
