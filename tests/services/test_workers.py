"""What workers say of themselves, and how they look to others (M24)."""

from datetime import timedelta

from core.parts import Parts
from models.worker import Shift, Worker
from rules.worker import LOST_AFTER, Identity, State
from services import messages, workers
from services.workers import Beat, InHand
from tests import factories

WHO = Identity("host", 17, "abc123")
NAME = str(Identity("host", 17, "ffffff"))
API = "sending_api"


def said(**other: object) -> Beat:
    shifts = [Shift(lane="personal", name="host:17:eeeeee"), Shift(lane="bulk", name=NAME)]
    usual = {"version": "1", "shifts": shifts, "up": timedelta(minutes=5), **other}
    return Beat(**usual)  # type: ignore[arg-type] # as each test says


async def silent_for(seconds: float) -> None:
    silent = {"$subtract": ["$$NOW", round(seconds * 1_000)]}
    await Worker.get_pymongo_collection().update_many({}, [{"$set": {"beat_at": silent}}])


async def test_a_worker_is_one_row_however_often_it_beats(parts: Parts) -> None:
    await workers.beat(WHO, said())
    (first,) = (await workers.staff(parts)).seen
    await workers.beat(WHO, said(up=timedelta(minutes=9), sent_per_second=2.5))
    (second,) = (await workers.staff(parts)).seen
    assert (second.state, second.worker.sent_per_second) == (State.RUNNING, 2.5)
    assert second.worker.started_at == first.worker.started_at
    assert second.worker.beat_at - second.worker.started_at > timedelta(minutes=4)
    assert (second.worker.host, second.worker.pid) == ("host", 17)


async def test_what_a_worker_is_called_is_never_taken_for_an_expression(parts: Parts) -> None:
    await workers.beat(Identity("$beat_at", 1, "a"), said(version="$$NOW"))
    (found,) = (await workers.staff(parts)).seen
    assert (found.worker.host, found.worker.version) == ("$beat_at", "$$NOW")


async def test_a_worker_that_says_goodbye_is_gone_and_may_come_back(parts: Parts) -> None:
    await workers.beat(WHO, said(stopping=True))
    assert [one.state for one in (await workers.staff(parts)).seen] == [State.STOPPING]
    await workers.leave(WHO)
    await workers.leave(WHO)
    assert (await workers.staff(parts)).seen == []
    await workers.beat(WHO, said())
    assert len((await workers.staff(parts)).seen) == 1


async def test_a_worker_that_is_silent_is_lost_and_counts_for_no_lane(parts: Parts) -> None:
    await workers.beat(WHO, said())
    assert [(await workers.staff(parts)).of_lane(lane) for lane in ("personal", "bulk")] == [1, 1]
    await silent_for(LOST_AFTER.total_seconds() + 1)
    staff = await workers.staff(parts)
    assert [one.state for one in staff.seen] == [State.LOST]
    assert staff.seen[0].silent_seconds > LOST_AFTER.total_seconds()
    assert staff.of_lane("bulk") == 0


async def test_what_it_holds_is_told_by_leases_over_all_its_pumps_even_if_it_was_killed(
    parts: Parts,
) -> None:
    mailing = await factories.launched(parts, 6)
    for slot, count in enumerate((2, 3)):
        await messages.claim(parts, mailing, API, count, f"{NAME}:{slot}")
    await messages.claim(parts, mailing, API, 1, "other:1:abcdef:0")
    await workers.beat(WHO, said())
    await silent_for(60)
    staff = await workers.staff(parts)
    mine = InHand(NAME, "bulk", API, 5)
    assert list(staff.seen[0].in_hand) == [mine]
    assert set(staff.in_hand) == {mine, InHand("other:1:abcdef", "bulk", API, 1)}


async def test_the_list_is_bounded_and_has_those_that_live_first(parts: Parts) -> None:
    for number in range(workers.MOST):
        await workers.beat(WHO._replace(pid=number), said())
    await silent_for(60)
    await workers.beat(WHO._replace(pid=1_000), said())
    seen = (await workers.staff(parts)).seen
    assert len(seen) == workers.MOST
    assert (seen[0].worker.pid, seen[0].state) == (1_000, State.RUNNING)
