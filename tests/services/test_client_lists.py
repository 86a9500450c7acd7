"""Clients by filter and by page."""

import pytest
from bson import ObjectId

from core.parts import Parts
from services import clients
from services.clients import ClientFilter
from tests import factories
from tests.factories import phone


async def directory() -> list[ObjectId]:
    """Six clients: odd ones are vip, the first three are of operator 901 and in Tokyo."""
    return await factories.clients(
        6,
        said=lambda number: {
            "operator_code": "901" if number < 3 else "902",
            "tags": ["vip", "x"] if number % 2 else ["x"],
            "time_zone": "Asia/Tokyo" if number < 3 else "UTC",
        },
    )


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (ClientFilter(), [0, 1, 2, 3, 4, 5]),
        (ClientFilter(phone=phone(4)), [4]),
        (ClientFilter(phone="unknown"), []),
        (ClientFilter(operator_codes=("901",)), [0, 1, 2]),
        (ClientFilter(operator_codes=("901", "902")), [0, 1, 2, 3, 4, 5]),
        (ClientFilter(tags=("vip",)), [1, 3, 5]),
        (ClientFilter(operator_codes=("901",), tags=("vip", "other")), [1]),
        (ClientFilter(time_zones=("UTC",), tags=("vip",)), [3, 5]),
    ],
)
async def test_a_filter_joins_fields_by_and_and_values_by_or(
    parts: Parts, wanted: ClientFilter, expected: list[int]
) -> None:
    ids = await directory()
    page = await clients.page(wanted, first=10, after=None)
    assert [one.id for one in page.items] == [ids[number] for number in expected]
    assert not page.has_next
    assert await clients.count(wanted) == len(expected)


async def test_pages_follow_each_other_without_gap_or_double(parts: Parts) -> None:
    ids = await directory()
    seen, after, has_next = [], None, True
    while has_next:
        page = await clients.page(ClientFilter(), first=4, after=after)
        seen += [one.id for one in page.items]
        after, has_next = page.items[-1].id, page.has_next
    assert seen == ids


async def test_a_page_that_ends_with_the_list_has_no_next(parts: Parts) -> None:
    ids = await directory()
    page = await clients.page(ClientFilter(), first=3, after=ids[2])
    assert ([one.id for one in page.items], page.has_next) == (ids[3:], False)
