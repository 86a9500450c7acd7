from typing import Any

import pytest

from core.errors import Problem
from core.parts import Parts
from services import audiences, control, mailings, messages, segments, sweep
from services.new_audience import NewAudience
from services.segments import NewSegment
from tests import factories
from tests.factories import id_of, mailing
from tests.services.looking import mistakes

VIPS = NewAudience(tags=("vip",))


async def test_a_segment_is_stored_as_it_was_said(parts: Parts) -> None:
    await factories.group(parts, "staff")
    said = NewAudience(
        tags=("vip",),
        time_zones=("Europe/Moscow",),
        locales=("de-at",),
        groups=("staff",),
        accepts="news/email",
    )
    made = await segments.create(parts, "o", NewSegment("friends", said, "Friends"))
    assert await segments.get("friends") == made
    assert made.filter.locales == ["de-AT"]
    assert made.filter.accepts == "news/email"
    assert await segments.count() == 1


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, {("filter", Problem.BLANK)}),
        ({"all": True}, {("filter", Problem.INVALID)}),
        ({"all_users": True}, {("filter", Problem.INVALID)}),
        ({"segments": ("other",)}, {("filter.segments", Problem.INVALID)}),
        ({"groups": ("none",)}, {("filter.groups.0", Problem.NOT_FOUND)}),
        ({"time_zones": ("Mars",)}, {("filter.timeZones", Problem.INVALID)}),
        ({"locales": ("deutsch",)}, {("filter.locales", Problem.INVALID)}),
        ({"accepts": "News!/email"}, {("filter.accepts.topic", Problem.INVALID)}),
        ({"groups": ("a",) * 101}, {("filter.groups", Problem.TOO_MANY)}),
    ],
)
async def test_every_mistake_of_a_filter_is_told(
    parts: Parts, said: dict[str, Any], expected: set[tuple[str, Problem]]
) -> None:
    new = NewSegment("friends", NewAudience(**said))
    assert await mistakes(segments.create(parts, "o", new)) == expected


async def test_a_name_belongs_to_one_segment(parts: Parts) -> None:
    await segments.create(parts, "o", NewSegment("friends", VIPS))
    again = segments.create(parts, "o", NewSegment("friends", VIPS))
    assert await mistakes(again) == {("name", Problem.TAKEN)}


async def test_only_what_is_named_changes(parts: Parts) -> None:
    await segments.create(parts, "o", NewSegment("friends", VIPS, "Friends", "All"))
    changed = await segments.update(parts, "friends", {"filter": NewAudience(tags=("new",))})
    assert (changed.title, changed.description, changed.filter.tags) == ("Friends", "All", ["new"])
    assert await segments.get("friends") == changed
    changed = await segments.update(parts, "friends", {"title": "Pals"})
    assert (changed.title, changed.filter.tags) == ("Pals", ["new"])
    assert await mistakes(segments.update(parts, "no", {})) == {("name", Problem.NOT_FOUND)}


async def test_a_segment_in_use_stays(parts: Parts) -> None:
    await segments.create(parts, "o", NewSegment("friends", VIPS))
    made = await mailings.create(parts, "o", mailing(segments=("friends",)))
    deleting = segments.delete(parts, "friends")
    assert await mistakes(deleting) == {("name", Problem.NOT_ALLOWED_NOW)}
    await control.cancel(parts, id_of(made), "o")
    await sweep.sweep(parts, messages.BULK)
    assert (await segments.delete(parts, "friends")).name == "friends"
    assert await segments.get("friends") is None


async def test_who_fits_is_counted_as_it_is_now(parts: Parts) -> None:
    def by_turns(number: int) -> dict[str, Any]:
        return {
            "locale": ("de", "de-AT", "en", None)[number % 4],
            "muted": ["news/email"] if number >= 4 else [],
        }

    client_ids, user_ids = (
        await factories.clients(8, said=by_turns),
        await factories.users(2, by_turns),
    )
    await factories.group(parts, "staff", client_ids[:2], user_ids)

    async def count(**said: Any) -> int:
        made = await segments.create(parts, "o", NewSegment("one", NewAudience(**said)))
        found = await audiences.of_filter(made.filter)
        some = await audiences.some_of(made.filter, 100)
        assert len(some) == found.total
        await segments.delete(parts, "one")
        return found.total + found.users

    assert await count(locales=("de",)) == 4
    assert await count(locales=("de", "en")) == 6
    assert await count(accepts="news/email") == 4
    assert await count(accepts="news/sending_api") == 8
    assert await count(groups=("staff",)) == 4
    assert await count(groups=("staff",), locales=("de-AT",)) == 2
    assert await count(groups=("staff",), time_zones=("UTC",)) == 2
