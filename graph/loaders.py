"""What the objects of a list have below them, read for all of them at once.

Each loader gathers what is asked for in the same moment, and keeps nothing: the operations of a
socket share them, and none may see what another has read before.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from functools import partial
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from bson import ObjectId
from strawberry.dataloader import DataLoader

from core.parts import Parts
from models.attempt import Attempt
from models.course import Point
from models.group import Group
from models.mailing import Mailing
from models.mailing_change import MailingChange
from models.message import Message
from models.template import TemplateVersion
from rules.message import Status
from services import changes, courses, groups, history, inbox, mailings, stats, template_lists
from services.paging import Page

MOST_AT_ONCE = 500

Key = TypeVar("Key", bound=Hashable)
Found = TypeVar("Found")


class MessagesOf(NamedTuple):
    """A page of a mailing's messages."""

    mailing_id: ObjectId
    statuses: tuple[Status, ...]
    first: int
    after: UUID | None


class SentBy(NamedTuple):
    """A page of the messages of a send without a mailing."""

    send_id: ObjectId
    first: int
    after: UUID | None


class ChangesOf(NamedTuple):
    """The last changes of a mailing."""

    mailing_id: ObjectId
    first: int


class VersionsOf(NamedTuple):
    """The last versions of a template."""

    template_id: ObjectId
    first: int


class InboxOf(NamedTuple):
    """A user's inbox, and whether with its items."""

    user_id: ObjectId
    with_items: bool


class Loaders:
    """The loaders of one request, or of one socket."""

    def __init__(self, parts: Parts) -> None:
        self.statistics: DataLoader[ObjectId, stats.Statistics] = _loader(
            partial(stats.of_mailings, parts)
        )
        self.courses: DataLoader[ObjectId, list[Point]] = _loader(
            partial(courses.of_mailings, parts)
        )
        self.attempts: DataLoader[UUID, list[Attempt]] = _loader(history.attempts)
        self.messages: DataLoader[MessagesOf, Page[Message]] = _loader(_messages)
        self.changes: DataLoader[ChangesOf, list[MailingChange]] = _loader(_changes)
        self.mailings: DataLoader[ObjectId, Mailing | None] = _loader(mailings.of_ids)
        self.sent_by: DataLoader[SentBy, Page[Message]] = _loader(_sent_by)
        self.sent_counts: DataLoader[ObjectId, stats.Statistics] = _loader(stats.of_sends)
        self.groups: DataLoader[ObjectId, Group | None] = _loader(groups.of_ids)
        self.group_sizes: DataLoader[ObjectId, int] = _loader(groups.sizes)
        self.template_versions: DataLoader[str, TemplateVersion] = _loader(template_lists.versions)
        self.versions_of: DataLoader[VersionsOf, list[TemplateVersion]] = _loader(_versions)
        self.inboxes: DataLoader[InboxOf, inbox.Inbox] = _loader(_inboxes)


def _loader(read: Callable[[list[Key]], Awaitable[Mapping[Key, Found]]]) -> DataLoader[Key, Found]:
    async def load(keys: list[Key]) -> list[Found]:
        found = await read(keys)
        return [found[key] for key in keys]

    return DataLoader(load, max_batch_size=MOST_AT_ONCE, cache=False)


async def _messages(keys: list[MessagesOf]) -> dict[MessagesOf, Page[Message]]:
    found: dict[MessagesOf, Page[Message]] = {}
    for same, mailing_ids in _alike(keys).items():
        statuses, first, after = same
        pages = await history.of_mailings(mailing_ids, statuses, first=first, after=after)
        found |= {MessagesOf(mailing_id, *same): page for mailing_id, page in pages.items()}
    return found


async def _changes(keys: list[ChangesOf]) -> dict[ChangesOf, list[MailingChange]]:
    found: dict[ChangesOf, list[MailingChange]] = {}
    for (first,), mailing_ids in _alike(keys).items():
        for mailing_id, those in (await changes.of_mailings(mailing_ids, first=first)).items():
            found[ChangesOf(mailing_id, first)] = those
    return found


async def _versions(keys: list[VersionsOf]) -> dict[VersionsOf, list[TemplateVersion]]:
    found: dict[VersionsOf, list[TemplateVersion]] = {}
    for (first,), ids in _alike(keys).items():
        for template_id, those in (await template_lists.versions_of(ids, first=first)).items():
            found[VersionsOf(template_id, first)] = those
    return found


async def _sent_by(keys: list[SentBy]) -> dict[SentBy, Page[Message]]:
    found: dict[SentBy, Page[Message]] = {}
    for (first, after), send_ids in _alike(keys).items():
        pages = await history.of_sends(send_ids, first=first, after=after)
        found |= {SentBy(send_id, first, after): page for send_id, page in pages.items()}
    return found


async def _inboxes(keys: list[InboxOf]) -> dict[InboxOf, inbox.Inbox]:
    # One inbox may have 14 MB, so under many aliases it is read once all the same.
    wanted = list(dict.fromkeys(keys))
    found = [inbox.load(user_id, with_items=with_items) for user_id, with_items in wanted]
    return dict(zip(wanted, await asyncio.gather(*found), strict=True))


def _alike(keys: list[Any]) -> dict[Any, list[ObjectId]]:
    """The ids by what is wanted of them: one command for each."""
    alike: dict[Any, list[ObjectId]] = {}
    for parent_id, *wanted in keys:
        alike.setdefault(tuple(wanted), []).append(parent_id)
    return alike
