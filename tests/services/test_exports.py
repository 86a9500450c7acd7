import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.parts import Parts
from models.client import Client
from rules import table
from rules.client_table import COLUMNS
from rules.table import Format
from services import clients, exports
from services.clients import ClientFilter
from services.imports import Order
from services.new_client import NewClient
from tests import factories
from tests.factories import phone
from tests.services.test_imports import stored, take


async def exported(kind: Format) -> bytes:
    said = table.head(kind, COLUMNS)
    fields = [column.field for column in COLUMNS]
    async for page in exports.of_clients(ClientFilter(), fields):
        said += table.body(kind, COLUMNS, page)
    return said


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data(), st.sampled_from(Format))
async def test_an_export_that_is_imported_gives_the_same_directory(
    parts: Parts, data: st.DataObject, kind: Format
) -> None:
    await Client.find().delete()
    tags = st.lists(st.sampled_from(["=1", "a,b", "c|d", "\\", "-", "'@", "vip", "я"]), unique=True)
    for number in range(data.draw(st.integers(0, 4))):
        address = data.draw(st.sampled_from([None, "=a@b.com", "'+a@b.com", "a@b.com"]))
        zone = data.draw(st.sampled_from(["UTC", "Asia/Omsk"]))
        new = NewClient(phone(number), "901", tuple(data.draw(tags)), zone, address)
        await clients.create(parts, "o", new)
    before, said = await stored(), await exported(kind)
    again = await take(parts, said, Order(kind))
    assert again.unchanged == again.rows == len(before)
    await Client.find().delete()
    assert (await take(parts, said, Order(kind))).created == len(before)
    assert await stored() == before


async def test_pages_have_every_client_once_by_age(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "BATCH", 3)
    ids = await factories.clients(9)
    pages = [page async for page in exports.of_clients(ClientFilter(), ["phone"])]
    assert [len(page) for page in pages] == [3, 3, 3]
    assert [row["_id"] for page in pages for row in page] == ids
    assert pages[0][0].keys() == {"_id", "phone"}
