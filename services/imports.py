"""Import of clients: rows of any number in batches, each checked as a single client is.

Every batch is written by upserts, so an import that died may be repeated as a whole.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any

from pymongo import UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from core import clock, events, failpoints, mongo
from core.errors import InvalidInput
from core.parts import Parts
from models.client import Client
from rules.client_table import COLUMNS
from rules.roles import Principal
from rules.seen import MOST_PLACES, Seen
from rules.table import Format
from rules.table_reader import Said, TableReader, Wrong
from services import audit, windows
from services.idempotency import Row
from services.import_report import Repeat, Report
from services.new_client import NewClient, check

ACTION = "importClients"
BATCH = 1_000
BREATH = 100
"""Rows after which others get their turn."""

WRITTEN = failpoints.place("imports.written")

_FIELDS = [column.field for column in COLUMNS]


@dataclass(frozen=True, slots=True)
class Order:
    """How to import."""

    format: Format
    dry_run: bool = False
    ignore_unknown: bool = False


@dataclass(slots=True)
class _Wanted:
    """A client as its rows so far want it."""

    given: Row
    """What they said."""
    usual: Row
    """What else a new client has."""
    is_repeat: bool
    """Whether the phone came in an earlier batch."""

    def differs(self, there: Row | None) -> bool:
        return there is None or any(there.get(at) != value for at, value in self.given.items())

    def moves(self, there: Row) -> bool:
        return bool(self.given.get("time_zone", there["time_zone"]) != there["time_zone"])

    def then(self, later: "_Wanted") -> "_Wanted":
        given = {**self.given, **later.given}
        usual = {name: value for name, value in later.usual.items() if name not in given}
        return _Wanted(given, usual, self.is_repeat)


async def run(parts: Parts, by: Principal, said: AsyncIterator[bytes], order: Order) -> Report:
    """Import what is said, and put it on record.

    Raises InvalidInput where the columns are wrong, before anything is written, and whatever `said`
    or the database raises; the batches before are written then.
    """
    shown = {"format": order.format, "dryRun": order.dry_run, "ignoreUnknown": order.ignore_unknown}
    async with audit.on_record(parts, by, ACTION, shown) as record:
        work = _Import(parts, order)
        try:
            await work.take(said)
        finally:
            record.result = work.report.counts
    events.emit("clients.imported", dry_run=order.dry_run, **work.report.counts)
    return work.report


class _Import:
    """One import under way."""

    def __init__(self, parts: Parts, order: Order) -> None:
        self.report = Report()
        self._parts = parts
        self._dry_run = order.dry_run
        unknown = order.ignore_unknown
        self._reader = TableReader(order.format, COLUMNS, "phone", ignore_unknown=unknown)
        self._seen = Seen()
        self._batch: dict[str, list[_Wanted]] = {}
        self._size = 0

    async def take(self, said: AsyncIterator[bytes]) -> None:
        """Read, check and write all."""
        async for chunk in said:
            await self._take(self._reader.feed(chunk))
        await self._take(self._reader.close())
        await self._write()

    async def _take(self, rows: Iterable[Said | Wrong]) -> None:
        for row in rows:
            self.report.rows += 1
            if isinstance(row, Wrong):
                self.report.refuse(row.line, row.errors)
            else:
                self._check(row)
            if self._size == BATCH:
                await self._write()
            elif self.report.rows % BREATH == 0:
                await asyncio.sleep(0)

    def _check(self, row: Said) -> None:
        try:
            client = check(NewClient(**row.values))
        except InvalidInput as error:
            self.report.refuse(row.line, error.errors)
            return
        values = {name: getattr(client, name) for name in _FIELDS}
        earlier = self._seen.see(int(client.phone[1:]), row.line % MOST_PLACES)
        if earlier is not None:
            self.report.repeat(Repeat(row.line, earlier, client.phone))
        given = {name: values[name] for name in row.values}
        usual = {name: value for name, value in values.items() if name not in row.values}
        wanted = _Wanted(given, usual, is_repeat=earlier is not None)
        self._batch.setdefault(client.phone, []).append(wanted)
        self._size += 1

    async def _write(self) -> None:
        batch, self._batch, self._size = self._batch, {}, 0
        if not batch:
            return
        found = await _found(list(batch))
        changes = list[UpdateOne]()
        moved: dict[Any, UpdateOne] = {}
        for phone, rows in batch.items():
            there = found.get(phone)
            self._count(rows[0], there)
            wanted = reduce(_Wanted.then, rows)
            if there is not None and wanted.moves(there):
                moved[there["_id"]] = _change(phone, wanted)
            elif wanted.differs(there):
                changes.append(_change(phone, wanted))
        if not self._dry_run:
            await self._send(changes, moved)

    def _count(self, wanted: _Wanted, there: Row | None) -> None:
        """By its first row; what repeats it is counted as that."""
        if wanted.is_repeat:
            return
        if there is None:
            self.report.created += 1
        elif wanted.differs(there):
            self.report.updated += 1
        else:
            self.report.unchanged += 1

    async def _send(self, changes: list[UpdateOne], moved: dict[Any, UpdateOne]) -> None:
        if changes:
            await Client.get_pymongo_collection().bulk_write(changes, ordered=False)
        if moved:
            await mongo.in_transaction(self._parts.mongo, partial(_move, moved))
        failpoints.reach(WRITTEN)


async def _move(moved: dict[Any, UpdateOne], session: AsyncClientSession) -> None:
    """Change clients with their zones: a repeat of the import would see no change of zone."""
    collection = Client.get_pymongo_collection()
    await collection.bulk_write(list(moved.values()), session=session)
    await windows.clients_moved(list(moved), session)


async def _found(phones: list[str]) -> dict[str, Row]:
    query = {"phone": {"$in": phones}}
    rows = Client.get_pymongo_collection().find(query, dict.fromkeys(_FIELDS, 1))
    return {row["phone"]: row async for row in rows}


def _change(phone: str, wanted: _Wanted) -> UpdateOne:
    """Whoever else makes or deletes this client meanwhile: it is there afterwards, and complete."""
    now = clock.now()
    given = {name: value for name, value in wanted.given.items() if name != "phone"}
    usual = {**wanted.usual, "created_at": now}
    update = {"$set": {**given, "updated_at": now}, "$setOnInsert": usual}
    return UpdateOne({"phone": phone}, update, upsert=True)
