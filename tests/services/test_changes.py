"""What is kept of each change of a mailing."""

from functools import partial
from typing import Any

from core import clock
from core.parts import Parts
from services import changes, control, mailings, retries
from tests import factories
from tests.factories import HOUR, id_of, scheduled
from tests.services.interludes import Interludes
from tests.services.looking import mistakes


async def test_every_change_is_kept_with_what_it_touched_and_by_whom(parts: Parts) -> None:
    made = await scheduled(parts)
    mailing_id = id_of(made)
    later = clock.now() + 3 * HOUR
    await mailings.update(parts, mailing_id, {"text": "Stay!", "end_at": later}, "ann")
    await control.pause(parts, mailing_id, "bob")
    await control.resume(parts, mailing_id, "cid")
    await mailings.delete(parts, mailing_id, "dan")
    deleted, resumed, paused, updated = (await changes.of_mailings([mailing_id], first=10))[
        mailing_id
    ]
    assert (updated.verb, updated.by, updated.version) == ("update", "ann", 2)
    assert updated.before == {"text": "Come!", "end_at": made.end_at}
    assert updated.after == {"text": "Stay!", "end_at": later}
    assert (paused.verb, paused.by, paused.version) == ("pause", "bob", 3)
    assert (paused.before, paused.after) == ({"status": "scheduled"}, {"status": "paused"})
    assert (resumed.verb, resumed.by, resumed.version) == ("resume", "cid", 4)
    assert (deleted.verb, deleted.by, deleted.version) == ("delete", "dan", 5)
    assert deleted.after["status"] == "cancelled"
    assert deleted.before == {"status": "scheduled", "deleted_at": None}


async def test_a_repeat_that_changes_nothing_leaves_no_row(parts: Parts) -> None:
    mailing_id = id_of(await scheduled(parts))
    await control.pause(parts, mailing_id, "o")
    await control.pause(parts, mailing_id, "o")
    assert len((await changes.of_mailings([mailing_id], first=10))[mailing_id]) == 1


async def test_only_so_many_of_the_newest_changes_are_given(parts: Parts) -> None:
    mailing_id = id_of(await scheduled(parts))
    for number in range(4):
        await mailings.update(parts, mailing_id, {"text": str(number)})
    kept = (await changes.of_mailings([mailing_id], first=2))[mailing_id]
    assert [row.after["text"] for row in kept] == ["3", "2"]


async def test_a_refused_change_leaves_no_row(
    parts: Parts, prepared: Any, interludes: Interludes
) -> None:
    made = await scheduled(parts)
    newer = partial(prepared.mailings.update_one, {}, {"$inc": {"version": 1}})
    interludes.always("update", "mailings", newer, times=mailings.TRIES)
    await mistakes(mailings.update(parts, id_of(made), {"text": "x"}))
    await mistakes(mailings.update(parts, id_of(made), {"text": ""}))
    assert (await changes.of_mailings([id_of(made)], first=10))[id_of(made)] == []


async def test_a_change_reaches_what_is_not_yet_sent(parts: Parts) -> None:
    assert await changes.reach(id_of(await scheduled(parts))) == 0
    mailing_id = await factories.launched(parts, 3)
    assert await changes.reach(mailing_id) == 3
    await control.cancel(parts, mailing_id, "o")
    assert await changes.reach(mailing_id) == 0


async def test_a_retry_is_a_change_too(parts: Parts, prepared: Any) -> None:
    mailing_id = await factories.launched(parts, 1)
    prepared.counters.delete_many({})
    prepared.counters.insert_one(
        {"_id": f"{mailing_id}:0", "mailing_id": mailing_id, "counts": {"failed": 1}}
    )
    await retries.of_mailing(parts, mailing_id, ["failed"], "eve")  # type: ignore[list-item]
    (change,) = (await changes.of_mailings([mailing_id], first=10))[mailing_id]
    assert (change.verb, change.by) == ("retry", "eve")
    assert change.before == {"retrying": None}
    assert change.after["retrying"]["statuses"] == ["failed"]
