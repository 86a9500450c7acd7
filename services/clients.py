"""The directory of clients (M1)."""

from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import BulkWriteError, DuplicateKeyError

from core import events, mongo
from core.errors import InvalidInput, Problem
from core.parts import Parts
from models.client import Client
from rules.message import Status
from services import closing, idempotency, paging, windows
from services.idempotency import Once, Row
from services.new_client import WAYS, NewClient, check

LARGEST_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class ClientFilter:
    """Which clients to list: AND between the fields, OR inside one."""

    phone: str | None = None
    operator_codes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    time_zones: tuple[str, ...] = ()


async def create(parts: Parts, caller: str, new: NewClient, key: str | None = None) -> Client:
    """Add a client; raises InvalidInput with every mistake. A repeat of a key adds nothing."""

    async def work(session: AsyncClientSession | None) -> Row:
        row = _row(check(new))
        await Client.get_pymongo_collection().insert_one(row, session=session)
        return row

    once = Once.of(caller, "createClient", key, asdict(new))
    try:
        client: Client = Client.model_validate(await idempotency.run(parts.mongo, once, work))
    except DuplicateKeyError:
        raise _taken(check(new).phone) from None
    events.emit("client.created", client_id=str(client.id))
    return client


async def create_many(
    parts: Parts, caller: str, batch: list[NewClient], key: str | None = None
) -> list[Client | InvalidInput]:
    """Add up to 1,000; one answer per item in its order, so that one mistake stops no other.

    What can be added is added at once or, if this process dies, not at all.
    """
    if len(batch) > LARGEST_BATCH:
        message = f"has {len(batch)} items; send at most {LARGEST_BATCH} at a time"
        raise InvalidInput.at("clients", message, Problem.TOO_MANY)
    work = partial(_insert, [_checked_or_error(new) for new in batch])
    once = Once.of(caller, "createClients", key, [asdict(new) for new in batch])
    if once is None:
        answer = await mongo.promptly(parts.mongo, work)
    else:
        answer = await idempotency.run(parts.mongo, once, work)
    answers = [_answer(row) for row in answer["answers"]]
    made = [str(one.id) for one in answers if isinstance(one, Client)]
    events.emit("clients.created", count=len(made), client_ids=made)
    return answers


async def update(client_id: ObjectId, changes: dict[str, Any]) -> Client:
    """Change what `changes` names; what is queued goes to the client as it is then."""
    client = await get(client_id)
    if client is None:
        raise missing()
    said = {
        "phone": client.phone,
        "tags": tuple(client.tags),
        "time_zone": client.time_zone,
        "locale": client.locale,
        **{way: getattr(client, way) for way in WAYS},
        **changes,
    }
    if "phone" not in changes:
        said.setdefault("operator_code", client.operator_code)
    checked = check(NewClient(**said))
    # Only what was named: another update at the same time keeps what it changed.
    touched = {*changes, "updated_at"}
    if "phone" in changes:
        touched.add("operator_code")
    values = checked.model_dump(include=touched)
    try:
        collection = Client.get_pymongo_collection()
        result = await collection.update_one({"_id": client_id}, {"$set": values})
    except DuplicateKeyError:
        raise _taken(checked.phone) from None
    if result.matched_count == 0:
        raise missing()
    if "time_zone" in changes:
        await windows.clients_moved([client_id])
    events.emit("client.updated", client_id=str(client_id))
    changed: Client = client.model_copy(update=values)
    return changed


async def delete(parts: Parts, client_id: ObjectId) -> Client:
    """Remove a client and cancel what is queued for it; what was sent stays on record."""
    client = await get(client_id)
    if client is None:
        raise missing()
    await Client.get_pymongo_collection().delete_one({"_id": client_id})
    await closing.close(parts, {"client_id": client_id}, Status.CANCELLED, "client deleted")
    events.emit("client.deleted", client_id=str(client_id))
    return client


async def get(client_id: ObjectId) -> Client | None:
    """The client, or None."""
    return await Client.get(client_id)


async def page(wanted: ClientFilter, *, first: int, after: ObjectId | None) -> paging.Page[Client]:
    """Clients by age, oldest first."""
    return await paging.page(Client, query(wanted), first=first, after=after)


async def count(wanted: ClientFilter) -> int:
    """How many clients match."""
    return await Client.find(query(wanted)).count()


def missing(field: str = "id") -> InvalidInput:
    """The error for an id that names no client."""
    message = "there is no such client; it may have been deleted"
    return InvalidInput.at(field, message, Problem.NOT_FOUND)


async def _insert(
    batch: list[Client | InvalidInput], session: AsyncClientSession | None
) -> dict[str, list[Row]]:
    """Insert all but those with mistakes, and those whose phone is taken."""
    collection = Client.get_pymongo_collection()
    phones = [one.phone for one in batch if isinstance(one, Client)]
    found = collection.find({"phone": {"$in": phones}}, projection={"phone": 1}, session=session)
    taken = {row["phone"] async for row in found}
    answers: list[Row] = []
    for one in batch:
        if isinstance(one, Client) and one.phone not in taken:
            taken.add(one.phone)
            answers.append({"client": _row(one)})
        else:
            error = one if isinstance(one, InvalidInput) else _taken(one.phone)
            answers.append({"errors": idempotency.packed(error)})
    rows = [answer["client"] for answer in answers if "client" in answer]
    try:
        if rows:
            await collection.insert_many(rows, session=session)
    except BulkWriteError as error:
        # Somebody else was quicker with a phone; the transaction's next try sees it.
        raise mongo.as_duplicate(error) from error
    return {"answers": answers}


def _row(client: Client) -> Row:
    client.id = ObjectId()  # type: ignore[assignment] # Beanie's own id is a subclass
    row: Row = client.model_dump(by_alias=True, exclude={"revision_id"})
    return row


def _answer(row: Row) -> Client | InvalidInput:
    if "client" in row:
        client: Client = Client.model_validate(row["client"])
        return client
    return idempotency.unpacked(row["errors"])


def _checked_or_error(new: NewClient) -> Client | InvalidInput:
    try:
        return check(new)
    except InvalidInput as error:
        return error


def _taken(phone: str) -> InvalidInput:
    message = f"the client {phone} exists; update it or choose another phone"
    return InvalidInput.at("phone", message, Problem.TAKEN)


def query(wanted: ClientFilter) -> dict[str, Any]:
    """The filter of MongoDB that finds them."""
    query: dict[str, Any] = {}
    if wanted.phone is not None:
        query["phone"] = wanted.phone
    if wanted.operator_codes:
        query["operator_code"] = {"$in": list(wanted.operator_codes)}
    if wanted.tags:
        query["tags"] = {"$in": list(wanted.tags)}
    if wanted.time_zones:
        query["time_zone"] = {"$in": list(wanted.time_zones)}
    return query
