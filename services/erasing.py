"""The steps of an erasure, a batch at a time; see `services/erasures.py`."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from core import failpoints, mongo
from core.parts import Parts
from models.attempt import Attempt
from models.audit_entry import AuditEntry
from models.contact import Contact
from models.erasure import Erasure, Person, Step
from models.mailing import Mailing
from models.session import Session
from models.suppression import Suppression
from rules import addresses, erasure, suppression
from rules.message import OPEN, Status
from rules.suppression import Reason
from services import closing, messages, pseudonyms

BATCH = 500
SCANNED = 2_000
"""Rows that are looked through at once."""
OF_PERSON = (
    "user_id",
    "client_id",
    "contact_id",
    "contact_name",
    "unread_item",
    "content",
    "lease",
)
"""What goes from a message; its status, times, channel, template and topic stay."""

Row = dict[str, Any]

_WRITTEN = failpoints.place("erasing.written")
_COMMITTED = failpoints.place("erasing.committed")


async def batch(parts: Parts, ticket: Row, link: Mapping[str, ObjectId]) -> bool:
    """Do the next batch; False while that has to wait for messages that are just being sent."""
    match Step(ticket["step"]):
        case Step.OWN:
            return await _own(parts, ticket, link)
        case Step.LISTED:
            await _listed(parts, ticket)
        case Step.AUDIT:
            await _audit(parts, ticket)
        case Step.REST | Step.DONE:
            await mongo.in_transaction(parts.mongo, partial(_rest, parts, ticket, link))
    failpoints.reach(_COMMITTED)
    return True


async def _own(parts: Parts, ticket: Row, link: Mapping[str, ObjectId]) -> bool:
    await closing.close(parts, dict(link), Status.CANCELLED, erasure.WHY)
    ended = {**link, "status": {"$nin": list(OPEN)}}
    found = messages.collection().find(ended, {"channel": 1, "address": 1}).limit(BATCH)
    rows = await found.to_list()
    if rows:
        await mongo.in_transaction(parts.mongo, partial(_anonymise, parts, ticket, rows))
        failpoints.reach(_COMMITTED)
        return True
    if await messages.collection().find_one(dict(link), {"_id": 1}) is not None:
        return False
    await _move(ticket, {"step": Step.LISTED.value, "place": None, "mailing_id": None})
    return True


async def _anonymise(
    parts: Parts, ticket: Row, rows: Sequence[Row], session: AsyncClientSession
) -> None:
    """Take the person out of messages that have ended, and out of their attempts."""
    ids: list[UUID] = [row["_id"] for row in rows]
    still = {"_id": {"$in": ids}, "status": {"$nin": list(OPEN)}}
    gone: Row = {"$set": {"address": "", "erased": True}, "$unset": dict.fromkeys(OF_PERSON, "")}
    result = await messages.collection().update_many(still, gone, session=session)
    said = {"$set": {"address": "", "answer": erasure.ERASED}}
    tried = {"message_id": {"$in": ids}}
    await Attempt.get_pymongo_collection().update_many(tried, said, session=session)
    nobodys = suppression.key("email", parts.settings.email)
    keys = {suppression.key(row["channel"], row["address"]) for row in rows if row["address"]}
    found = {"$addToSet": {"addresses": {"$each": sorted(keys - {nobodys})}}}
    found["$inc"] = {"messages": result.modified_count}  # type: ignore[dict-item]
    await _tickets().update_one({"_id": ticket["_id"]}, found, session=session)
    failpoints.reach(_WRITTEN)


async def _listed(parts: Parts, ticket: Row) -> None:
    """Look through messages that may bear a bare address: personal ones, and those of lists."""
    place: Row = {} if ticket["place"] is None else {"_id": {"$gt": UUID(ticket["place"])}}
    of_mailing = {"mailing_id": ticket["mailing_id"], **place}
    fields = dict.fromkeys(("channel", "address", "user_id", "client_id", "status"), 1)
    found = messages.collection().find(of_mailing, fields, hint="of_mailing")
    rows = await found.sort("_id", 1).limit(SCANNED).to_list()
    wanted = set(ticket["addresses"])
    theirs = [row for row in rows if _is_theirs(row, wanted)]
    if open_ones := [row["_id"] for row in theirs if row["status"] in OPEN]:
        await closing.close(parts, {"_id": {"$in": open_ones}}, Status.CANCELLED, erasure.WHY)
    if theirs:
        await mongo.in_transaction(parts.mongo, partial(_anonymise, parts, ticket, theirs))
    if len(rows) == SCANNED:
        await _move(ticket, {"place": str(rows[-1]["_id"])})
    else:
        await _next_list(ticket)


def _is_theirs(row: Row, wanted: set[str]) -> bool:
    """Whether it went to the person's address and to nobody who has an id."""
    if not row["address"] or row.get("user_id") is not None or row.get("client_id") is not None:
        return False
    return suppression.key(row["channel"], row["address"]) in wanted


async def _next_list(ticket: Row) -> None:
    after: Row = {} if ticket["mailing_id"] is None else {"_id": {"$gt": ticket["mailing_id"]}}
    lists = Mailing.get_pymongo_collection().find({"listed": True, **after}, {"_id": 1})
    row = next(iter(await lists.sort("_id", 1).limit(1).to_list()), None)
    if row is None or not ticket["addresses"]:
        await _move(ticket, {"step": Step.AUDIT.value, "place": None, "mailing_id": None})
    else:
        await _move(ticket, {"mailing_id": row["_id"], "place": None})


async def _audit(parts: Parts, ticket: Row) -> None:
    """Hide what operators said of the person; that they did it, when, and how it ended stays."""
    audit = AuditEntry.get_pymongo_collection()
    place: Row = {} if ticket["place"] is None else {"_id": {"$gt": ObjectId(ticket["place"])}}
    found = audit.find(place, {"input": 1, "result": 1, "targets": 1, "action": 1})
    rows = await found.sort("_id", 1).limit(SCANNED).to_list()
    said = [key.partition(":")[2] for key in ticket["addresses"]]
    names = set(ticket["names"])
    theirs = [
        row["_id"]
        for row in rows
        if not row["action"].startswith("erase")
        and (
            names & set(row.get("targets") or ())
            or erasure.mentions(f"{row['input']} {row.get('result') or ''}", said, names)
        )
    ]
    if theirs:
        hidden = {"$set": {"input": f'"{erasure.ERASED}"', "result": None}}
        await audit.update_many({"_id": {"$in": theirs}}, hidden)
    more = len(rows) == SCANNED
    await _move(
        ticket,
        {"place": str(rows[-1]["_id"])} if more else {"step": Step.REST.value, "place": None},
    )


async def _rest(
    parts: Parts, ticket: Row, link: Mapping[str, ObjectId], session: AsyncClientSession
) -> None:
    if await messages.collection().find_one(dict(link), {"_id": 1}, session=session) is not None:
        # A launch had read the person before it was gone.
        again = {"step": Step.OWN.value, "place": None}
        await _tickets().update_one({"_id": ticket["_id"]}, {"$set": again}, session=session)
        return
    keys: list[str] = ticket["addresses"]
    await _keep_opt_outs(parts, ticket, keys, session)
    await Contact.get_pymongo_collection().delete_many(_contacts(ticket, keys), session=session)
    if ticket["whose"] == Person.USER:
        own = {"subject": str(ticket["person_id"])}
        await Session.get_pymongo_collection().delete_many(own, session=session)
    done = {"step": Step.DONE.value, "done_at": parts.database_clock.now()}
    done |= {"addresses": [], "muted": [], "place": None}
    await _tickets().update_one({"_id": ticket["_id"]}, {"$set": done}, session=session)
    failpoints.reach(_WRITTEN)


async def _keep_opt_outs(
    parts: Parts, ticket: Row, keys: Sequence[str], session: AsyncClientSession
) -> None:
    """Put pseudonyms in place of the person's addresses on the suppression list."""
    suppressions = Suppression.get_pymongo_collection()
    found = suppressions.find({"_id": {"$in": list(keys)}}, session=session)
    rows = {row["_id"]: row async for row in found}
    now = parts.database_clock.now()
    for key in erasure.opted_out(ticket["muted"], keys):
        rows.setdefault(key, {"reason": Reason.UNSUBSCRIBED.value, "at": now, "by": "recipient"})
    for key, row in rows.items():
        hidden = await pseudonyms.of(key)
        channel, _, address = hidden.partition(":")
        kept = {name: row[name] for name in ("reason", "at", "by")}
        kept |= {"channel": channel, "address": address, "message_id": None, "note": ""}
        await suppressions.replace_one({"_id": hidden}, kept, upsert=True, session=session)
    await suppressions.delete_many({"_id": {"$in": list(rows)}}, session=session)


def _contacts(ticket: Row, keys: Sequence[str]) -> Row:
    """Those that have a handle of the person's, and those that a user kept itself."""
    handles: list[Row] = []
    for key in keys:
        channel, _, address = key.partition(":")
        if channel in addresses.HANDLES:
            handles.append({channel: address})
    if ticket["whose"] == Person.USER:
        handles.append({"owner": str(ticket["person_id"])})
    return {"$or": handles} if handles else {"_id": None}


async def _move(ticket: Row, values: Row) -> None:
    await _tickets().update_one({"_id": ticket["_id"]}, {"$set": values})


def _tickets() -> Any:  # noqa: ANN401 - PyMongo's collection
    return Erasure.get_pymongo_collection()
