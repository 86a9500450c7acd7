"""Preferences in the schema (X8): what a recipient has muted, and what it can choose from."""

from collections.abc import Sequence
from functools import partial

import strawberry
from bson import ObjectId

from core.errors import Forbidden
from graph.auth import Needs
from graph.client import client_id
from graph.context import Info
from graph.enums import PreferenceChannel
from graph.errors import Answers, UserError, at_field
from graph.recording import recorded
from models import kind as documents
from rules import addresses
from rules import preferences as rules
from rules.message import Route
from rules.preferences import Outlet
from rules.roles import Permission, may_set_preferences
from services import kinds, preferences
from services.preferences import Owner, Whose, Wish

ANY_TOPIC = "The key of a kind, or the topic of a mailing or send; null: any."
ANY_CHANNEL = "Null: any."


@strawberry.input(one_of=True, description="Whose preferences: a user's or a client's.")
class PreferencesOwnerInput:
    """One recipient."""

    user_id: strawberry.Maybe[strawberry.ID] = strawberry.field(
        default=None, description="24 hexadecimal digits."
    )
    client_id: strawberry.Maybe[strawberry.ID] = strawberry.field(
        default=None, description="The id of a client."
    )

    def said(self, field: str) -> Owner:
        """The same for the service; raises InvalidInput."""
        if self.user_id is not None:
            where, raw = f"{field}.userId", self.user_id.value
            user_id: ObjectId = at_field(where, addresses.object_id, raw)
            return Owner(Whose.USER, user_id)
        assert self.client_id is not None
        return Owner(Whose.CLIENT, client_id(f"{field}.clientId", self.client_id.value))


@strawberry.input(description="What to hear nothing of: a topic by a channel.")
class MuteInput:
    """One entry."""

    topic: str | None = strawberry.field(default=None, description=ANY_TOPIC)
    channel: PreferenceChannel | None = strawberry.field(default=None, description=ANY_CHANNEL)


@strawberry.input(description="All that is to be muted; or what to mute and what to hear again.")
class SetPreferencesInput:
    """What setPreferences takes."""

    owner: PreferencesOwnerInput = strawberry.field(description="Whose they are.")
    muted: list[MuteInput] | None = strawberry.field(
        default=None, description="All that is to be muted from now on, at most 200."
    )
    mute: list[MuteInput] = strawberry.field(
        default_factory=list, description="To be muted besides what is."
    )
    unmute: list[MuteInput] = strawberry.field(
        default_factory=list, description="To be muted no more: entries as `muted` shows them."
    )

    def said(self) -> Wish:
        """The same for the service."""
        return Wish(
            None if self.muted is None else _pairs(self.muted),
            _pairs(self.mute),
            _pairs(self.unmute),
        )


@strawberry.type(description="Something muted: a topic by a channel.")
class Mute:
    """One entry."""

    topic: str | None = strawberry.field(description=ANY_TOPIC)
    channel: PreferenceChannel | None = strawberry.field(description=ANY_CHANNEL)


@strawberry.type(description="A channel that a topic comes by.")
class TopicChannel:
    """One cell of a settings page."""

    channel: PreferenceChannel
    muted: bool = strawberry.field(
        description="Whether nothing comes, by this entry or one for any topic or channel."
    )


@strawberry.type(description="Something that a recipient can mute, unless it is critical.")
class PreferenceTopic:
    """One row of a settings page."""

    key: str = strawberry.field(description="The key of a kind, or any other topic.")
    critical: bool = strawberry.field(description="Whether it always comes: it can't be muted.")
    channels: list[TopicChannel] = strawberry.field(description="The ways that it comes by.")


@strawberry.type(description="What a recipient wants to hear nothing of.")
class Preferences:
    """The preferences of one recipient."""

    muted: list[Mute] = strawberry.field(
        description="Every entry, also of kinds that have become critical, where it does not apply."
    )
    entries: strawberry.Private[tuple[str, ...]]

    @strawberry.field(
        description="Every kind, and what else is muted, by key: the rows of a settings page."
    )
    async def topics(self) -> list[PreferenceTopic]:
        """Operators make tens of kinds, so this is no connection."""
        known = await kinds.every()
        others = {topic for topic, _ in map(rules.parts, self.entries) if topic is not None}
        rows = [_of_kind(kind, self.entries) for kind in known]
        rows += [_of_other(key, self.entries) for key in others - {kind.id for kind in known}]
        return sorted(rows, key=lambda row: row.key)

    @classmethod
    def of(cls, entries: Sequence[str]) -> "Preferences":
        """The preferences of a service's answer."""
        pairs = [rules.parts(entry) for entry in entries]
        return cls(
            muted=[
                Mute(topic=topic, channel=None if channel is None else Outlet(channel))
                for topic, channel in pairs
            ],
            entries=tuple(entries),
        )


@strawberry.type(description="The preferences as they are now, or what was wrong.")
class SetPreferencesPayload:
    """What setPreferences answers."""

    preferences: Preferences | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class PreferencesQuery:
    """Queries about preferences."""

    @strawberry.field(
        description="What a user or a client has muted: one's own, or for operators anyone's.",
        extensions=[Needs(Permission.SET_OWN_PREFERENCES)],
    )
    async def preferences(self, info: Info, owner: PreferencesOwnerInput) -> Preferences:
        """Those of one recipient."""
        if not _owns(info, owner):
            _check_staff(info)
        return Preferences.of(await preferences.muted(owner.said("owner")))


@strawberry.type
class PreferencesMutation:
    """Mutations of preferences."""

    @strawberry.mutation(
        description=(
            "Mute topics and channels, or hear them again: one's own, or for operators anyone's, "
            "which is on record. A repeat changes nothing. Nothing critical can be muted."
        ),
        extensions=[Needs(Permission.SET_OWN_PREFERENCES), Answers(SetPreferencesPayload)],
    )
    async def set_preferences(
        self, info: Info, input: SetPreferencesInput
    ) -> SetPreferencesPayload:
        """Change those of one recipient."""
        principal = info.context.require(Permission.SET_OWN_PREFERENCES)
        if _owns(info, input.owner):
            return await _set(info, principal.subject, input)
        work = partial(_set, info, principal.subject)
        given = {"input": input}
        payload: SetPreferencesPayload = await recorded(
            work, info, Permission.MANAGE_PREFERENCES, given
        )
        return payload


_NOT_YOURS = "a token of this role opens only the preferences of its own subject"


def _owns(info: Info, owner: PreferencesOwnerInput) -> bool:
    """Whether they are the caller's own."""
    principal = info.context.require(Permission.SET_OWN_PREFERENCES)
    said = owner.user_id
    return said is not None and may_set_preferences(principal, str(said.value).lower())


def _check_staff(info: Info) -> None:
    try:
        info.context.require(Permission.MANAGE_PREFERENCES)
    except Forbidden:
        raise Forbidden(_NOT_YOURS) from None


async def _set(info: Info, by: str, input: SetPreferencesInput) -> SetPreferencesPayload:
    owner = input.owner.said("owner")
    entries = await preferences.change(info.context.parts, owner, input.said(), by)
    return SetPreferencesPayload(preferences=Preferences.of(entries))


def _pairs(said: Sequence[MuteInput]) -> list[preferences.Mute]:
    return [(one.topic, None if one.channel is None else one.channel.value) for one in said]


def _of_kind(kind: documents.Kind, entries: Sequence[str]) -> PreferenceTopic:
    outlets = [Outlet.IN_APP] * kind.in_app + [Outlet.EMAIL] * kind.email
    return PreferenceTopic(
        key=kind.id,
        critical=kind.critical,
        channels=[_cell(kind.id, outlet, () if kind.critical else entries) for outlet in outlets],
    )


def _of_other(key: str, entries: Sequence[str]) -> PreferenceTopic:
    cells = [_cell(key, Outlet(route.value), entries) for route in Route]
    return PreferenceTopic(key=key, critical=False, channels=cells)


def _cell(key: str, outlet: Outlet, entries: Sequence[str]) -> TopicChannel:
    return TopicChannel(channel=outlet, muted=rules.mutes(entries, key, outlet) is not None)
