"""Recipients: where claimed messages go as their clients and users are now."""

from collections.abc import Mapping, Sequence

from models.client import Client
from models.contact import Contact
from models.user import User
from services import unread, users
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
USER_ZONE = "UTC"
"""Users have no time zone of their own."""


async def look_up(claimed: Sequence[Claimed], channel: str) -> None:
    """Note on each row what is known of its recipient: address, zone, whether it has read.

    A client may have moved or gone since the launch; its row then has another address or none.
    """
    bulk = [one for one in claimed if one.mailing_id is not None]
    to_clients = [one for one in bulk if one.row.get("client_id") is not None]
    if to_clients:
        await _look_up(to_clients, "client_id", Client, ADDRESS_FIELD[channel])
    to_users = [one for one in bulk if one.row.get("user_id") is not None]
    if to_users:
        await _look_up(to_users, "user_id", User, USER_ADDRESS)
    of_contacts = [one for one in claimed if one.row.get("contact_id") is not None]
    if of_contacts:
        await _look_up_contacts(of_contacts, channel)
    await _note_muted([one for one in claimed if one.mailing_id is None])
    waited = [one for one in claimed if one.row.get("unread_item") is not None]
    if waited:
        read = await unread.already_read(waited)
        for one in waited:
            one.row["read"] = one.id in read


async def _look_up(
    bulk: Sequence[Claimed], of: str, model: type[Client] | type[User], field: str
) -> None:
    query = {"_id": {"$in": [one.row[of] for one in bulk]}}
    fields = {field: 1, "time_zone": 1, "muted": 1}
    found = model.get_pymongo_collection().find(query, projection=fields)
    known = {row["_id"]: row async for row in found}
    for one in bulk:
        recipient = known.get(one.row[of], {})
        one.row["stored_address"] = one.row["address"]
        one.row["address"] = recipient.get(field)
        one.row["zone"] = recipient.get("time_zone", USER_ZONE)
        one.row["muted"] = recipient.get("muted", ())


async def _look_up_contacts(claimed: Sequence[Claimed], channel: str) -> None:
    """Where they are reached now: a contact may have another handle, or be gone with all of them."""
    query = {"_id": {"$in": [one.row["contact_id"] for one in claimed]}}
    found = Contact.get_pymongo_collection().find(query, projection={channel: 1})
    contacts = {row["_id"]: row async for row in found}
    for one in claimed:
        one.row["stored_address"] = one.row["address"]
        one.row["address"] = contacts.get(one.row["contact_id"], {}).get(channel)


async def _note_muted(personal: Sequence[Claimed]) -> None:
    """What those have muted to whom personal messages go."""
    for name, collection in (
        ("user_id", users.collection()),
        ("client_id", Client.get_pymongo_collection()),
    ):
        theirs = [one for one in personal if one.row.get(name) is not None]
        if theirs:
            query = {"_id": {"$in": [one.row[name] for one in theirs]}}
            found = collection.find(query, projection={"muted": 1})
            muted = {row["_id"]: row.get("muted", ()) async for row in found}
            for one in theirs:
                one.row["muted"] = muted.get(one.row[name], ())
