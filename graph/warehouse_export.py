"""Messages, attempts and the history as tables."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from enum import StrEnum
from typing import Any, TypeVar

from bson import ObjectId
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response

from core import clock
from graph import export, ids
from graph.errors import at_field
from graph.export import Sheet
from graph.history import USUAL_DAYS
from graph.paging import choices
from graph.rejection import Rejected
from graph.scalars import read_date, read_time
from graph.transfer import Parameters
from rules.history import Key, Line, Wanted
from rules.message import Route, Status, Verdict
from rules.message_table import ATTEMPTS, HISTORY, MESSAGES
from rules.roles import Permission
from services import analysis, warehouse
from services.warehouse import Chosen

Kind = TypeVar("Kind", bound=StrEnum)
Found = TypeVar("Found")
Row = dict[str, Any]

_OPAQUE = {
    "message_id": "Message",
    "mailing_id": "Mailing",
    "client_id": "Client",
    "user_id": "User",
}
_NAMED = ("channel", "status", "verdict")
_MESSAGE_FIELDS = ("kind", "template", "first_due_at", *(column.field for column in MESSAGES))


async def export_messages(request: Request) -> Response:
    """`GET /messages/export?format=ndjson&since=...&until=...`: those that ended then."""
    return await export.answer(request, Permission.EXPORT, _messages)


async def export_attempts(request: Request) -> Response:
    """`GET /attempts/export?format=ndjson&since=...&until=...`: those that were made then."""
    return await export.answer(request, Permission.EXPORT, _attempts)


async def export_history(request: Request) -> Response:
    """`GET /history/export?format=ndjson&from=...&to=...`: by day and everything else."""
    return await export.answer(request, Permission.READ_STATISTICS, _history)


def _messages(request: Request) -> Sheet:
    said = _parameters(request, "status")
    found = warehouse.of_messages(_chosen(said, "status", Status), _MESSAGE_FIELDS)
    rows = _each(found, lambda row: _shown("Message", warehouse.flat(row)))
    return Sheet("messages", said.format(), MESSAGES, rows)


def _attempts(request: Request) -> Sheet:
    said = _parameters(request, "verdict")
    fields = [column.field for column in ATTEMPTS]
    found = warehouse.of_attempts(_chosen(said, "verdict", Verdict), fields)
    return Sheet(
        "attempts", said.format(), ATTEMPTS, _each(found, lambda row: _shown("Attempt", row))
    )


def _history(request: Request) -> Sheet:
    many = ("channel", "template", "topic", "status", "provider")
    said = Parameters(request, one=("format", "from", "to"), many=many)
    enums: dict[str, type[StrEnum]] = {"channel": Route, "status": Status}
    only = {
        Key(name): _values(said, name, enums[name])
        if name in enums
        else choices(name, said.many(name))
        for name in many
    }
    last = _moment(said, "to", read_date) or clock.now().date()
    first = _moment(said, "from", read_date) or last - USUAL_DAYS
    wanted = Wanted(first, last, only={key: values for key, values in only.items() if values})
    analysis.check(wanted)
    found = warehouse.of_history(request.app.state.parts, wanted)
    return Sheet("history", said.format(), HISTORY, _each(found, _line))


def _parameters(request: Request, status: str) -> Parameters:
    one = ("format", "mailing", "since", "until")
    return Parameters(request, one=one, many=("channel", status))


def _chosen(said: Parameters, status: str, kind: type[StrEnum]) -> Chosen:
    mailing = said.one("mailing")
    return Chosen(
        None if mailing is None else at_field("mailing", _mailing_id, mailing),
        _values(said, "channel", Route),
        _values(said, status, kind),
        _moment(said, "since", read_time),
        _moment(said, "until", read_time),
    )


def _mailing_id(raw: str) -> ObjectId:
    return ids.object_id("Mailing", raw)


def _values(said: Parameters, name: str, kind: type[StrEnum]) -> tuple[str, ...]:
    """The values behind names of the schema's; raises Rejected on others."""
    names = choices(name, said.many(name))
    if unknown := [each for each in names if each not in kind.__members__]:
        known = ", ".join(kind.__members__)
        raise Rejected(400, f"`{name}` is one of {known}; not {unknown[0][:64]}")
    return tuple(kind[each].value for each in names)


def _moment(said: Parameters, name: str, read: Callable[[str], Found]) -> Found | None:
    raw = said.one(name)
    try:
        return None if raw is None else read(raw)
    except GraphQLError as error:
        raise Rejected(400, f"`{name}`: {error.message}") from None


async def _each(
    found: AsyncGenerator[list[Any], None], shown: Callable[[Any], Row]
) -> AsyncGenerator[list[Row], None]:
    async with aclosing(found) as pages:
        async for page in pages:
            yield [shown(row) for row in page]


def _shown(kind: str, row: Row) -> Row:
    """The row as the API shows it: with opaque ids, and names of enums."""
    opaque = {
        field: ids.opaque(name, row[field])
        for field, name in _OPAQUE.items()
        if row.get(field) is not None
    }
    named = {field: row[field].upper() for field in _NAMED if field in row}
    number = {"number": str(row["number"])} if row.get("number") is not None else {}
    return {**row, **opaque, **named, **number, "_id": ids.opaque(kind, row["_id"])}


def _line(line: Line) -> Row:
    keys = {key.value: value for key, value in line.keys.items()}
    named = {field: str(keys[field]).upper() for field in ("channel", "status")}
    return {
        **keys,
        **named,
        "messages": line.messages,
        "attempts": line.attempts,
        "average_ms": line.average_ms,
        "median_ms": line.percentile_ms(0.5),
        "p95_ms": line.percentile_ms(0.95),
        "longest_ms": line.longest_ms,
    }
