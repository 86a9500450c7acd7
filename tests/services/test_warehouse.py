"""The history for a warehouse elsewhere, however many lines a month has (T6)."""

import pytest

from core.parts import Parts
from rules.history import Key, Wanted
from services import warehouse
from tests.services.days import DAY, FRIDAY, SUNDAY, at, ended, roll_up


@pytest.mark.parametrize("most", [1, 3, 4, 7, 100])
async def test_days_with_many_lines_are_read_with_fewer_others(
    parts: Parts, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warehouse, "MOST_LINES", most)
    for day, topics in ((FRIDAY, "abc"), (FRIDAY + DAY, "d"), (SUNDAY, "efg")):
        for topic in topics:
            await ended(at(day), topic=topic)
    await roll_up(parts, at(SUNDAY))
    pages = [page async for page in warehouse.of_history(parts, Wanted(FRIDAY - 9 * DAY, SUNDAY))]
    assert [line.keys[Key.TOPIC] for page in pages for line in page] == list("abcdefg")
    assert len(pages) >= 7 // max(most, 3)
