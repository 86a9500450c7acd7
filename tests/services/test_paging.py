from bson import ObjectId
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from core.parts import Parts
from models.client import Client
from services import paging
from tests import factories


@hypothesis(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.integers(min_value=0, max_value=12),
    st.integers(min_value=1, max_value=13),
    st.booleans(),
)
async def test_pages_of_any_size_are_the_whole_list_in_order(
    parts: Parts, count: int, first: int, newest_first: bool
) -> None:
    await Client.get_pymongo_collection().delete_many({})
    ids = await factories.clients(count) if count else []
    seen: list[ObjectId | None] = []
    after, has_next, pages = None, True, 0
    while has_next:
        page = await paging.page(Client, {}, first=first, after=after, newest_first=newest_first)
        assert len(page.items) <= first
        seen += [one.id for one in page.items]
        after, has_next, pages = seen[-1] if seen else None, page.has_next, pages + 1
    assert seen == (ids[::-1] if newest_first else ids)
    assert pages == max(1, -(-count // first))


async def test_a_page_can_begin_after_a_place_that_is_gone(parts: Parts) -> None:
    ids = await factories.clients(4)
    await Client.get_pymongo_collection().delete_one({"_id": ids[1]})
    page = await paging.page(Client, {}, first=5, after=ids[1])
    assert [one.id for one in page.items] == ids[2:]


async def test_the_filter_of_a_list_holds_on_every_page(parts: Parts) -> None:
    ids = await factories.clients(6, said=lambda n: {"tags": ["odd"] if n % 2 else []})
    page = await paging.page(Client, {"tags": "odd"}, first=2, after=ids[1])
    assert ([one.id for one in page.items], page.has_next) == ([ids[3], ids[5]], False)
