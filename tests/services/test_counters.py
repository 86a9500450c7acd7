from typing import Any

import pytest
from bson import ObjectId
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from core import clock, mongo
from core.parts import Parts
from models.mailing import Counter
from rules.message import OPEN, Fate, Status, closed
from services import closing, counters, messages, reclaiming, results, stats
from services.counters import Moves
from services.messages import Claimed
from services.results import Change
from tests import factories
from tests.factories import HOUR

FINALS = [
    *(Status.SENT, Status.FAILED, Status.UNDELIVERABLE, Status.EXPIRED, Status.CANCELLED),
    Status.SUPPRESSED,
]
STEPS = st.one_of(
    st.tuples(st.just("claim"), st.integers(min_value=1, max_value=5)),
    st.tuples(st.just("write"), st.sampled_from([*FINALS, Status.PENDING])),
    st.tuples(st.just("write late"), st.sampled_from([*FINALS, Status.PENDING])),
    st.tuples(st.just("close"), st.sampled_from([Status.EXPIRED, Status.CANCELLED])),
    st.tuples(st.just("reclaim"), st.none()),
)


async def apply(parts: Parts, moves: Moves) -> None:
    await mongo.in_transaction(parts.mongo, lambda session: counters.apply(moves, session))


class Worker:
    """Does steps of the engine in any order; `held` is what it believes to have claimed."""

    def __init__(self, parts: Parts, mailing_id: ObjectId) -> None:
        self.parts, self.mailing_id = parts, mailing_id
        self.held: list[Claimed] = []
        self.late: list[Claimed] = []

    async def do(self, step: str, value: Any) -> None:
        match step:
            case "claim":
                self.held += await messages.claim(
                    self.parts, self.mailing_id, "sending_api", value, "w1"
                )
            case "write":
                await self.write(self.held, value)
                self.held = []
            case "write late":
                await self.write(self.late, value)
            case "close":
                query = {"mailing_id": self.mailing_id, "number": {"$mod": [3, 0]}}
                await closing.close(self.parts, query, value, "")
            case _:
                ended = {"$set": {"lease.until": clock.now() - HOUR}}
                await messages.collection().update_many({"status": "sending"}, ended)
                await reclaiming.reclaim(self.parts)
                self.late, self.held = self.held, []

    async def write(self, claimed: list[Claimed], status: Status) -> None:
        changes = [
            Change(one, Fate(closed(status, maybe), maybe, clock.now()))
            for one in claimed
            if (maybe := one.row["maybe_sent"] and status is not Status.SENT) is not None
        ]
        await results.write(self.parts, changes)


@hypothesis(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(STEPS, max_size=12))
async def test_after_any_steps_the_counters_say_what_the_rows_say(
    parts: Parts, steps: list[tuple[str, Any]]
) -> None:
    await parts.mongo.get_default_database().clients.delete_many({})
    mailing_id = await factories.launched(parts, 12)
    worker = Worker(parts, mailing_id)
    for step, value in steps:
        await worker.do(step, value)
        counts = await stats.of_mailing(parts, mailing_id)
        assert counts == await stats.recount(mailing_id)
        assert counts.total == 12


async def test_moves_end_on_a_shard_of_their_mailing_and_sum_up(parts: Parts) -> None:
    one, other = ObjectId(), ObjectId()
    for _ in range(40):
        moves = Moves({(one, "open"): 2, (other, "open"): 1})
        counters.move(moves, one, Status.SENDING, Status.SENT)
        await apply(parts, moves)
    assert await counters.read({"mailing_id": one}) == {"open": 40, "sent": 40}
    assert await counters.read({"mailing_id": other}) == {"open": 40}
    assert await counters.read({}) == {"open": 80, "sent": 40}
    shards = await Counter.find({"mailing_id": one}).to_list()
    assert 1 < len(shards) <= Counter.SHARDS


async def test_moves_that_come_to_nothing_write_nothing(parts: Parts) -> None:
    mailing_id = ObjectId()
    moves = Moves()
    counters.move(moves, mailing_id, Status.PENDING, Status.SENDING)
    counters.move(moves, None, Status.PENDING, Status.SENT)
    counters.move(moves, mailing_id, Status.SENDING, Status.SENT)
    counters.move(moves, mailing_id, Status.SENT, Status.SENDING)
    await apply(parts, moves)
    assert await Counter.count() == 0


async def test_moves_of_a_transaction_that_fails_are_not_counted(parts: Parts) -> None:
    async def work(session: Any) -> None:
        await counters.apply(Moves({(ObjectId(), "open"): 1}), session)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await mongo.in_transaction(parts.mongo, work)
    assert await counters.read({}) == {}


@pytest.mark.parametrize("status", Status)
def test_open_rows_share_a_counter_and_each_end_has_its_own(status: Status) -> None:
    expected = counters.OPEN_KEY if status in OPEN else status.value
    assert counters.key(status) == expected
    assert counters.key(status.value) == expected
