import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from bson import ObjectId
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import clock, failpoints
from core.errors import InvalidInput, Problem
from core.parts import Parts
from models.audit_entry import AuditEntry
from models.client import Client
from rules.roles import Principal, Role
from rules.table import Format
from services import clients, import_report, imports, windows
from services.import_report import Report
from services.imports import Order
from services.new_client import NewClient
from tests import factories
from tests.factories import phone
from tests.services.looking import rows
from tests.services.test_windows import closed, launched

BY = Principal(str(ObjectId()), Role.OPERATOR, None)
CSV = Order(Format.CSV)
ANN = NewClient("79991234567", "903", ("vip",), "Europe/Moscow", "ann@example.com")
HEAD = b"phone,operatorCode,tags,timeZone,email\n"
PHONES = st.integers(0, 30).map(phone)
CELLS = st.sampled_from(["", "vip", "a|b", "vip"])


async def pieces(said: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    for start in range(0, len(said), size):
        yield said[start : start + size]


async def take(parts: Parts, said: bytes, order: Order = CSV) -> Report:
    return await imports.run(parts, BY, pieces(said), order)


async def stored() -> dict[str, Any]:
    """All clients by their phones, without what each has of its own."""
    found = [
        client.model_dump(exclude={"id", "revision_id"}) for client in await Client.find().to_list()
    ]
    own = ("created_at", "updated_at")
    return {one["phone"]: {at: one[at] for at in one if at not in own} for one in found}


def counts(report: Report) -> dict[str, int]:
    return {name: count for name, count in report.counts.items() if count}


async def test_new_clients_are_as_create_client_would_have_made_them(parts: Parts) -> None:
    said = HEAD + b'79991234567,903,"vip",Europe/Moscow,ann@Example.com\n79261234567,,,,\n'
    assert counts(await take(parts, said)) == {"rows": 2, "created": 2}
    by_import = await stored()
    await Client.find().delete()
    await clients.create(parts, "o", ANN)
    await clients.create(parts, "o", NewClient("79261234567"))
    assert by_import == await stored()
    (made, _) = await Client.find().to_list()
    assert made.created_at == made.updated_at


async def test_a_column_that_is_absent_stays_and_an_empty_cell_clears(parts: Parts) -> None:
    made = await clients.create(parts, "o", ANN)
    report = await take(parts, b"phone,email,operatorCode\n79991234567,,\n")
    assert counts(report) == {"rows": 1, "updated": 1}
    client = await clients.get(made.id)  # type: ignore[arg-type] # it has one
    assert client is not None
    assert (client.email, client.operator_code) == (None, "999")
    assert (client.tags, client.time_zone) == (["vip"], "Europe/Moscow")
    assert (client.created_at, client.updated_at > made.updated_at) == (made.created_at, True)


async def test_what_is_the_same_already_is_not_touched(parts: Parts) -> None:
    made = await clients.create(parts, "o", ANN)
    said = b'{"phone": 79991234567, "tags": ["vip"], "email": "ann@example.com"}\n{"phone": "79991234567"}'
    report = await take(parts, said, Order(Format.NDJSON))
    assert counts(report) == {"rows": 2, "unchanged": 1, "repeated": 1}
    assert await clients.get(made.id) == made  # type: ignore[arg-type] # it has one


async def test_each_mistake_says_its_line_and_stops_no_other_row(parts: Parts) -> None:
    said = HEAD + b'89991234567,x,"\n,",Moscow,@\n79991234567,,,,\n7\xff,,,,\n1,2\n'
    report = await take(parts, said)
    assert counts(report) == {"rows": 4, "created": 1, "refused": 3}
    assert [(error.line, error.field, error.code) for error in report.errors] == [
        (2, "phone", Problem.INVALID),
        (2, "operatorCode", Problem.INVALID),
        (2, "timeZone", Problem.INVALID),
        (2, "email", Problem.INVALID),
        (5, "", Problem.INVALID),
        (6, "", Problem.INVALID),
    ]
    assert "write 7 in place of the leading 8" in report.errors[0].message
    assert (await stored()).keys() == {"79991234567"}


async def test_only_so_many_mistakes_are_told(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_report, "MOST_TOLD", 3)
    report = await take(parts, b"phone\n" + b"x\n" * 5 + b"79991234567\n" * 6)
    assert (len(report.errors), report.more_errors, report.refused) == (3, 2, 5)
    assert (len(report.repeats), report.repeated, report.created) == (3, 5, 1)


@pytest.mark.parametrize("batch", [1, 2, 1_000])
async def test_of_rows_with_one_phone_the_later_holds(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(imports, "BATCH", batch)
    lines = [
        b'{"phone": "79991234567", "email": "a@example.com", "tags": ["a"]}',
        b'{"phone": "79261234567"}',
        b'{"phone": "79991234567", "email": "b@example.com"}',
        b'{"phone": "79991234567", "timeZone": "Europe/Riga"}',
    ]
    report = await take(parts, b"\n".join(lines), Order(Format.NDJSON))
    assert counts(report) == {"rows": 4, "created": 2, "repeated": 2}
    assert [(at.line, at.earlier) for at in report.repeats] == [(3, 1), (4, 3)]
    client = (await stored())["79991234567"]
    assert (client["email"], client["tags"]) == ("b@example.com", ["a"])
    assert client["time_zone"] == "Europe/Riga"


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(PHONES | st.just("7"), CELLS, st.sampled_from(["", "UTC", "Asia/Omsk"]))),
    st.sets(st.integers(0, 30)),
    st.sampled_from([1, 3, 1_000]),
)
async def test_a_dry_run_writes_nothing_and_counts_the_same(
    parts: Parts, said: list[tuple[str, str, str]], there: set[int], batch: int
) -> None:
    await Client.find().delete()
    for number in there:
        await factories.clients(1, number)
    lines = [f"{one},{tags},{zone}\n" for one, tags, zone in said]
    file = "phone,tags,timeZone\n" + "".join(lines)
    before = await stored()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(imports, "BATCH", batch)
        dry = await take(parts, file.encode(), Order(Format.CSV, dry_run=True))
        assert await stored() == before
        assert await take(parts, file.encode()) == dry
    total = dry.created + dry.updated + dry.unchanged + dry.refused + dry.repeated
    assert total == dry.rows == len(said)
    again = await take(parts, file.encode())
    assert again.created == 0


async def test_wrong_columns_refuse_the_whole_before_anything_is_written(parts: Parts) -> None:
    with pytest.raises(InvalidInput, match="did you mean email"):
        await take(parts, b"phone,mail\n79991234567,a@example.com\n")
    order = Order(Format.CSV, ignore_unknown=True)
    assert (await take(parts, b"phone,mail\n79991234567,x\n", order)).created == 1


async def test_who_imported_how_many_is_on_record(parts: Parts) -> None:
    await take(parts, b"phone\n79991234567\nx\n")
    (entry,) = await AuditEntry.find().to_list()
    assert (entry.by, entry.action, entry.outcome) == (BY.subject, "importClients", "DONE")
    assert '"format": "csv"' in entry.input
    assert entry.result is not None
    assert '"created": 1' in entry.result
    assert '"refused": 1' in entry.result


@pytest.fixture
def dying() -> Iterator[None]:
    """The import dies after its second batch."""

    def die() -> None:
        raise SystemError("killed")

    failpoints.arm("imports.written:2", testing=True, act=die)
    yield
    failpoints.arm("", testing=True)


@pytest.mark.usefixtures("dying")
async def test_an_import_that_died_may_be_repeated(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "BATCH", 2)
    said = b"phone\n" + b"".join(phone(at).encode() + b"\n" for at in range(7))
    with pytest.raises(SystemError):
        await take(parts, said)
    assert len(await stored()) == 4
    (entry,) = await AuditEntry.find().to_list()
    assert (entry.outcome, entry.codes) == ("FAILED", ["INTERNAL_SERVER_ERROR"])
    failpoints.arm("", testing=True)
    assert counts(await take(parts, said)) == {"rows": 7, "created": 3, "unchanged": 4}


async def test_messages_that_wait_for_a_window_follow_their_clients(parts: Parts) -> None:
    mailing_id, ids = await launched(parts, closed(), "UTC", "UTC")
    now = clock.now()
    assert all(row["due_at"] > now for row in await rows(mailing_id=mailing_id))
    lines = [(phone(0), "Asia/Tokyo"), (phone(1), "UTC")]
    said = "phone,timeZone\n" + "".join(f"{one},{zone}\n" for one, zone in lines)
    assert counts(await take(parts, said.encode())) == {"rows": 2, "updated": 1, "unchanged": 1}
    by_client = {row["client_id"]: row for row in await rows(mailing_id=mailing_id)}
    assert by_client[ids[0]]["due_at"] <= clock.now()
    assert by_client[ids[1]]["due_at"] > now
    assert {row["why"] for row in by_client.values()} == {windows.WAITING}


async def test_imports_of_the_same_file_at_once_make_each_client_once(parts: Parts) -> None:
    said = b"phone,tags\n" + b"".join(b"%s,vip\n" % phone(at).encode() for at in range(3_000))
    reports = await asyncio.gather(*(take(parts, said) for _ in range(3)))
    assert all(report.refused == 0 for report in reports)
    found = await stored()
    assert len(found) == 3_000
    assert all(client["tags"] == ["vip"] for client in found.values())
