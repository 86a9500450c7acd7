"""Recipients: where claimed messages go as their clients and users are now."""

from collections.abc import Mapping, Sequence

from models.client import Client
from models.contact import Contact
from models.user import User
from services import unread
from services.messages import Claimed

ADDRESS_FIELD: Mapping[str, str] = {
    "sending_api": "phone",
    "email": "email",
    "telegram": "telegram",
    "whatsapp": "whatsapp",
    "viber": "viber",
}
"""Where a client's address is, by the name of the channel that it is for."""
USER_ADDRESS = "email"
"""Where users are reached; they have no other addresses."""
NOTED = {"time_zone": 1, "locale": 1, "muted": 1}
USER_ZONE = "UTC"
"""Of users for whom nobody has saved another."""


async def look_up(claimed: Sequence[Claimed], channel: str) -> None:
    """Note on each row what is known of its recipient: address, zone, locale, whether it has read.

    They may have moved since the message was made, and clients and contacts gone; the row then has
    another address or none.
    """
    await _note(claimed, "client_id", Client, ADDRESS_FIELD[channel])
    await _note(claimed, "user_id", User, USER_ADDRESS)
    of_contacts = [one for one in claimed if one.row.get("contact_id") is not None]
    if of_contacts:
        await _look_up_contacts(of_contacts, channel)
    waited = [one for one in claimed if one.row.get("unread_item") is not None]
    if waited:
        read = await unread.already_read(waited)
        for one in waited:
            one.row["read"] = one.id in read


async def _note(
    claimed: Sequence[Claimed], link: str, model: type[Client] | type[User], field: str
) -> None:
    theirs = [one for one in claimed if one.row.get(link) is not None]
    if not theirs:
        return
    query = {"_id": {"$in": [one.row[link] for one in theirs]}}
    found = model.get_pymongo_collection().find(query, projection={**NOTED, field: 1})
    known = {row["_id"]: row async for row in found}
    for one in theirs:
        recipient = known.get(one.row[link], {})
        one.row["zone"] = recipient.get("time_zone", USER_ZONE)
        one.row["locale"] = recipient.get("locale")
        one.row["muted"] = recipient.get("muted", ())
        stored = one.row["stored_address"] = one.row["address"]
        # What is personal reaches a user of whom no address is known where it was meant to go.
        otherwise = None if model is Client or one.mailing_id is not None else stored
        one.row["address"] = recipient.get(field) or otherwise


async def _look_up_contacts(claimed: Sequence[Claimed], channel: str) -> None:
    """Where they are reached now: a contact may have another handle, or be gone with all of them."""
    query = {"_id": {"$in": [one.row["contact_id"] for one in claimed]}}
    found = Contact.get_pymongo_collection().find(query, projection={channel: 1})
    contacts = {row["_id"]: row async for row in found}
    for one in claimed:
        one.row["stored_address"] = one.row["address"]
        one.row["address"] = contacts.get(one.row["contact_id"], {}).get(channel)
