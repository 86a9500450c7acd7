"""Addressees: the recipients of a send, found, with every way by which each is reached."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as of
from typing import Any

from bson import ObjectId

from core.errors import Checklist, Problem
from core.settings import Settings
from models.client import Client
from models.contact import Contact
from models.user import User
from rules import addresses
from rules import contact as rules
from rules import locale as locales
from rules.message import Route
from services import contacts, new_send
from services.new_send import Recipient
from services.recipients import ADDRESS_FIELD, USER_ADDRESS, USER_ZONE

FIELD = "to.recipients"


@dataclass(frozen=True, slots=True)
class Addressee:
    """One recipient, and the ways by which it gets its messages."""

    field: str
    """Its path in the input."""
    ways: Mapping[Route, str]
    link: Mapping[str, Any] = of(default_factory=dict)
    zone: str = USER_ZONE
    locale: str | None = None
    context: Mapping[str, Any] = of(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Directory:
    """Those that are named by id or name."""

    clients: Mapping[ObjectId, Client]
    contacts: Mapping[str, Contact]
    """Of the caller, by key."""
    users: Mapping[ObjectId, dict[str, Any]]


async def find(
    checks: Checklist,
    settings: Settings,
    caller: str,
    said: Sequence[Recipient],
    channels: tuple[str, ...] | None,
) -> list[Addressee]:
    """The recipients in order, after noting every mistake; those with one are left out.

    Without `channels` each gets its message by every way that it has and that is set up here.
    """
    directory = await _look_up(caller, said)
    wanted = channels or new_send.open_channels(settings)
    found: list[Addressee] = []
    seen: dict[tuple[Route, str], str] = {}
    for place, recipient in enumerate(said):
        at = f"{FIELD}.{place}"
        addressee = _one(checks, at, recipient, directory)
        if addressee is None:
            continue
        ways = {way: to for way, to in addressee.ways.items() if way in wanted}
        if not ways:
            named = " or ".join(wanted).upper()
            checks.add(at, f"has no address for {named}; name other channels, or leave it out")
        twice = next((seen[way] for way in ways.items() if way in seen), None)
        if twice is not None:
            checks.add(at, f"is reached at the same address as {twice}; name it once")
        seen |= dict.fromkeys(ways.items(), at)
        found.append(
            Addressee(at, ways, addressee.link, addressee.zone, addressee.locale, recipient.context)
        )
    return found


async def _look_up(caller: str, said: Sequence[Recipient]) -> _Directory:
    client_ids = [one.client_id for one in said if one.client_id is not None]
    user_ids = [
        ObjectId(one.user_id) for one in said if one.user_id and ObjectId.is_valid(one.user_id)
    ]
    clients = await Client.find({"_id": {"$in": client_ids}}).to_list() if client_ids else []
    users: dict[ObjectId, dict[str, Any]] = {}
    if user_ids:
        fields = {USER_ADDRESS: 1, "time_zone": 1, "locale": 1}
        rows = User.get_pymongo_collection().find({"_id": {"$in": user_ids}}, fields)
        users = {row["_id"]: row async for row in rows}
    keys = {rules.key(one.contact) for one in said if one.contact}
    return _Directory(
        clients={one.id: one for one in clients if one.id is not None},
        contacts=await contacts.named(caller, keys) if keys else {},
        users=users,
    )


def _one(checks: Checklist, at: str, said: Recipient, directory: _Directory) -> Addressee | None:
    own = None
    if said.locale is not None:
        own = checks.take(f"{at}.locale", locales.locale, said.locale)
    if said.client_id is not None:
        return _client(checks, at, directory.clients.get(said.client_id), own)
    if said.user_id is not None:
        return _user(checks, at, said.user_id, directory, own)
    if said.contact is not None:
        return _contact(checks, at, directory.contacts.get(rules.key(said.contact)), own)
    if said.phone is not None:
        phone = checks.take(f"{at}.phone", addresses.phone, said.phone)
        return None if phone is None else Addressee(at, {Route.SENDING_API: phone}, locale=own)
    email = checks.take(f"{at}.email", addresses.email, said.email)
    return None if email is None else Addressee(at, {Route.EMAIL: email}, locale=own)


def _client(checks: Checklist, at: str, client: Client | None, own: str | None) -> Addressee | None:
    if client is None:
        checks.add(f"{at}.clientId", "there is no such client", Problem.NOT_FOUND)
        return None
    assert client.id is not None
    ways = {Route(way): to for way, name in ADDRESS_FIELD.items() if (to := getattr(client, name))}
    link = {"client_id": client.id}
    return Addressee(at, ways, link, client.time_zone, own or client.locale)


def _contact(
    checks: Checklist, at: str, contact: Contact | None, own: str | None
) -> Addressee | None:
    if contact is None:
        message = "you have no such contact; create it with createContact"
        checks.add(f"{at}.contactName", message, Problem.NOT_FOUND)
        return None
    link = {"contact_id": contact.id, "contact_name": contact.name}
    ways = {Route(way): handle for way, handle in contacts.handles(contact).items()}
    return Addressee(at, ways, link, locale=own)


def _user(
    checks: Checklist, at: str, said: str, directory: _Directory, own: str | None
) -> Addressee | None:
    user_id = checks.take(f"{at}.userId", addresses.object_id, said)
    if user_id is None:
        return None
    user = directory.users.get(user_id)
    if user is None:
        checks.add(f"{at}.userId", "there is no such user", Problem.NOT_FOUND)
        return None
    ways = {Route.EMAIL: user[USER_ADDRESS]} if user.get(USER_ADDRESS) else {}
    zone = user.get("time_zone", USER_ZONE)
    return Addressee(at, ways, {"user_id": user_id}, zone, own or user.get("locale"))
