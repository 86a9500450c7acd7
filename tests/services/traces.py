"""A person with traces everywhere, and where they are found."""

import re
import uuid
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.database import AsyncDatabase

from core import clock, mongo
from core.parts import Parts
from services import messages, suppressions
from services.suppressions import NewSuppression
from tests import factories
from tests.services import days

PHONE, EMAIL, TELEGRAM = "79161234567", "ann@example.com", "471100"
NAME = "Ann Onym"
TRACES = re.compile(f"{PHONE}|{EMAIL}|{TELEGRAM}|{NAME}", re.IGNORECASE)


def database(parts: Parts) -> AsyncDatabase[dict[str, Any]]:
    return mongo.database(parts.mongo)


async def traces(parts: Parts) -> list[str]:
    """The rows of all collections that name the person."""
    found = []
    for name in await database(parts).list_collection_names(filter=factories.OURS):
        rows = await database(parts)[name].find().to_list()
        found += [f"{name}: {row}" for row in rows if TRACES.search(str(row))]
    return found


async def attempted(message_id: uuid.UUID) -> dict[str, Any]:
    return {
        "message_id": message_id,
        "number": 1,
        "channel": "email",
        "address": EMAIL,
        "started_at": clock.now(),
        "duration_ms": 1.0,
        "verdict": "refused",
        "code": "550",
        "answer": f"<{EMAIL}> is unknown",
        "worker": "w1",
    }


async def lived(parts: Parts) -> tuple[ObjectId, ObjectId]:
    """A client with traces everywhere; its id, and that of a mailing that it was part of."""
    person = {"phone": PHONE, "email": EMAIL, "telegram": TELEGRAM, "muted": ["*/telegram"]}
    (client_id,) = await factories.clients(1, said=lambda _: person)
    mailing_id = await factories.launched(parts, 0, channels=("sending_api", "email"))
    row = await messages.collection().find_one({"channel": "email"})
    assert row is not None
    failed = {"status": "failed", "why": "refused: 550", "attempts": 1, "address": EMAIL}
    failed |= {"closed_at": clock.now()}
    await messages.collection().update_one({"_id": row["_id"]}, {"$set": failed})
    counted = {"counts.open": -1, "counts.failed": 1}
    await database(parts)["counters"].update_one({"mailing_id": mailing_id}, {"$inc": counted})
    await database(parts)["attempts"].insert_one(await attempted(row["_id"]))
    said: dict[str, Any] = {"content": {"text": f"Dear {NAME}"}, "contact_id": ObjectId()}
    (bare,) = await days.ended(
        clock.now(), address=EMAIL, unread_item="it", lease={}, contact_name=NAME, **said
    )
    await database(parts)["attempts"].insert_one(await attempted(bare))
    await suppressions.add("op", [NewSuppression("email", EMAIL, f"{NAME} phoned")])
    contact = {"owner": "bob", "name": NAME, "key": NAME.lower(), "telegram": TELEGRAM}
    await database(parts)["contacts"].insert_one(contact)
    entry: dict[str, Any] = {
        "action": "createClients",
        "input": f'{{"phone": "+{PHONE}"}}',
        "targets": [],
    }
    entry |= {"at": clock.now(), "by": "op", "result": f'{{"refused": "{EMAIL}"}}'}
    await database(parts)["audit"].insert_one(entry)
    return client_id, mailing_id
