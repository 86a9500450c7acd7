"""Recipients: where claimed messages go as their clients and users are now."""

from collections.abc import Mapping, Sequence

from models.client import Client
from models.contact import Contact
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


async def look_up(claimed: Sequence[Claimed], channel: str) -> None:
    """Note on each row what is known of its recipient: address, zone, whether it has read.

    A client may have moved or gone since the launch; its row then has another address or none.
    """
    bulk = [one for one in claimed if one.mailing_id is not None]
    if bulk:
        await _look_up_clients(bulk, ADDRESS_FIELD[channel])
    of_contacts = [one for one in claimed if one.row.get("contact_id") is not None]
    if of_contacts:
        await _look_up_contacts(of_contacts, channel)
    waited = [one for one in claimed if one.row.get("unread_item") is not None]
    if waited:
        read = await unread.already_read(waited)
        for one in waited:
            one.row["read"] = one.id in read


async def _look_up_clients(bulk: Sequence[Claimed], field: str) -> None:
    query = {"_id": {"$in": [one.row["client_id"] for one in bulk]}}
    found = Client.get_pymongo_collection().find(query, projection={field: 1, "time_zone": 1})
    clients = {row["_id"]: row async for row in found}
    for one in bulk:
        client = clients.get(one.row["client_id"], {})
        address = client.get(field)
        one.row["stored_address"] = one.row["address"]
        one.row["address"] = address
        one.row["zone"] = client.get("time_zone", "UTC")


async def _look_up_contacts(claimed: Sequence[Claimed], channel: str) -> None:
    """Where they are reached now: a contact may have another handle, or be gone with all of them."""
    query = {"_id": {"$in": [one.row["contact_id"] for one in claimed]}}
    found = Contact.get_pymongo_collection().find(query, projection={channel: 1})
    contacts = {row["_id"]: row async for row in found}
    for one in claimed:
        one.row["stored_address"] = one.row["address"]
        one.row["address"] = contacts.get(one.row["contact_id"], {}).get(channel)
