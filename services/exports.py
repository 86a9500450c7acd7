"""Exports: all that fits a query, by the page, so that no cursor of the database is held open."""

from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pymongo.asynchronous.collection import AsyncCollection

from models.client import Client
from services import clients
from services.clients import ClientFilter
from services.idempotency import Row

BATCH = 1_000
PAGE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Order:
    """By rising id, or by a field that every row has, with its index, and then by id."""

    field: str | None = None
    hint: str | None = None

    @property
    def sort(self) -> list[tuple[str, int]]:
        """As MongoDB has it."""
        return [(name, 1) for name in (self.field, "_id") if name is not None]

    def after(self, row: Row) -> Row:
        """What comes after a row."""
        later = {"_id": {"$gt": row["_id"]}}
        if self.field is None:
            return later
        last = row[self.field]
        # The first condition alone says where to begin in the index.
        same = {self.field: {"$gt": last}}, {self.field: last, **later}
        return {self.field: {"$gte": last}, "$or": list(same)}


BY_ID = Order()


def of_clients(wanted: ClientFilter, fields: Iterable[str]) -> AsyncGenerator[list[Row], None]:
    """These fields of the clients that match."""
    return pages(Client.get_pymongo_collection(), clients.query(wanted), fields)


async def pages(
    collection: AsyncCollection[Row],
    query: Mapping[str, Any],
    fields: Iterable[str],
    by: Order = BY_ID,
) -> AsyncGenerator[list[Row], None]:
    """The rows in an order, up to 1,000 at once, with these fields and the id.

    No snapshot: a row that is changed meanwhile comes as it is when its page is read.
    """
    shown = dict.fromkeys(fields, 1)
    wanted = query
    while True:
        found = collection.find(wanted, shown, hint=by.hint).sort(by.sort).limit(BATCH)
        rows = await found.max_time_ms(PAGE_SECONDS * 1_000).to_list()
        if rows:
            yield rows
        if len(rows) < BATCH:
            return
        wanted = {"$and": [query, by.after(rows[-1])]}
