"""A user's inbox in the schema (N4)."""

from collections.abc import Iterable

import strawberry
from bson import ObjectId

from graph.auth import Needs
from graph.context import Info
from graph.errors import at_field
from graph.loaders import InboxOf
from graph.notification import Notification
from graph.paging import PageInfo, choices, page_info, page_size
from graph.paging import skip as checked_skip
from graph.selection import selects
from rules import inbox as rules
from rules.roles import Permission


@strawberry.input(description="Which notifications: AND between the fields, OR inside one.")
class NotificationFilter:
    """Narrows a list of notifications."""

    unread: bool | None = strawberry.field(default=None, description="Only (not) unread ones.")
    keys: list[str] | None = strawberry.field(default=None, description="Of these kinds.")
    archived: bool | None = strawberry.field(
        default=None, description="Those in the archive; otherwise only those outside it."
    )

    def chosen(self, items: Iterable[rules.Item]) -> list[rules.Item]:
        """Those that are wanted; raises InvalidInput on too many keys."""
        archived, unread = bool(self.archived), self.unread
        keys = None if self.keys is None else frozenset(choices("filter.keys", self.keys))
        return [
            item
            for item in items
            if item.get("archived", False) is archived
            and (unread is None or item["new"] is unread)
            and (keys is None or item["key"] in keys)
        ]


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

    total: int = strawberry.field(description="All notifications outside the archive.")
    unread: int = strawberry.field(description="Those still unread.")
    skip: int
    limit: int
    list: list[Notification]


@strawberry.type(description="A user's inbox, as it was at one moment.")
class Inbox:
    """An inbox as the schema has it."""

    user_id: strawberry.ID
    total: int = strawberry.field(description="Notifications kept, without those in the archive.")
    unread: int = strawberry.field(description="Those still unread.")
    head_cursor: str = strawberry.field(
        description="The newest event's place: subscribe after it and miss nothing."
    )
    seq: int = strawberry.field(
        description="That place as a number: this holds all events up to it, and none after it."
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
        before = cursor_place(user_id, "after", after)
        fit = (filter or NotificationFilter()).chosen(self.items)
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

    @strawberry.field(description="Those not in the archive by number, newest first.")
    def page(self, skip: int = 0, limit: int = 20) -> NotificationPage:
        """A page of the list that the inbox was read with."""
        checked_skip(skip)
        page_size(limit, "limit")
        user_id = str(self.user_id)
        chosen = [item for item in self.items if not item.get("archived")][skip : skip + limit]
        return NotificationPage(
            total=self.total,
            unread=self.unread,
            skip=skip,
            limit=limit,
            list=[Notification.of(user_id, item) for item in chosen],
        )


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
        wanted = InboxOf(owner, with_items=selects(info, "notifications", "page"))
        state = await info.context.loaders.inboxes.load(wanted)
        return Inbox(
            user_id=strawberry.ID(state.user_id),
            total=state.total,
            unread=state.unread,
            head_cursor=rules.cursor(state.user_id, state.seq),
            seq=state.seq,
            items=state.items or (),
        )


def cursor_place(user_id: str, field: str, raw: str | None) -> int | None:
    """The `seq` that an argument stands for; None without one."""
    if raw is None:
        return None
    place: int = at_field(field, lambda cursor: rules.place(user_id, cursor), raw)
    return place
