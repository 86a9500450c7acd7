"""Exports: all that fits a query, by the page, so that no cursor of the database is held open."""

from collections.abc import AsyncGenerator, Iterable, Mapping
from typing import Any

from pymongo.asynchronous.collection import AsyncCollection

from models.client import Client
from services import clients
from services.clients import ClientFilter
from services.idempotency import Row

BATCH = 1_000
PAGE_SECONDS = 30


def of_clients(wanted: ClientFilter, fields: Iterable[str]) -> AsyncGenerator[list[Row], None]:
    """These fields of the clients that match."""
    return pages(Client.get_pymongo_collection(), clients.query(wanted), fields)


async def pages(
    collection: AsyncCollection[Row], query: Mapping[str, Any], fields: Iterable[str]
) -> AsyncGenerator[list[Row], None]:
    """The rows by rising id, up to 1,000 at once, with these fields and the id.

    No snapshot: a row that is changed meanwhile comes as it is when its page is read.
    """
    shown = dict.fromkeys(fields, 1)
    wanted = query
    while True:
        found = collection.find(wanted, shown).sort("_id", 1).limit(BATCH)
        rows = await found.max_time_ms(PAGE_SECONDS * 1_000).to_list()
        if rows:
            yield rows
        if len(rows) < BATCH:
            return
        wanted = {"$and": [query, {"_id": {"$gt": rows[-1]["_id"]}}]}
