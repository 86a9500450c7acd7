"""The life of messages in any order of what can happen to them, on the real MongoDB."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from core import mongo
from core.parts import open_parts
from core.settings import load
from local.mongod import Mongod
from models.registry import prepare
from rules.message import RETRYABLE
from services import clients as directory
from services import control, launch, mailings, messages, results, retries, sweep
from services.messages import Claimed
from services.results import Change
from tests import factories
from tests.faults import judge as rules
from tests.services.living import ANSWERS, CHANNELS, LONG, Past, Workshop, begin

NAME = "test_life"
SOME_ANSWERS = st.lists(st.sampled_from(sorted(ANSWERS)), min_size=6, max_size=6)
"""One for each message, if all are held."""

ALWAYS = (rules.known, rules.accepted, rules.sent, rules.words, rules.moments, rules.counts)


class Life(RuleBasedStateMachine):
    """A mailing, and workers that come and go."""

    workshop: ClassVar[Workshop]
    past: Past

    def __init__(self) -> None:
        super().__init__()
        self.held: list[Claimed] = []
        self.unwritten: list[Change] = []
        self.sent: set[UUID] = set()

    @initialize(launched=st.sampled_from([True, True, True, False]))
    def create(self, launched: bool) -> None:
        begun = self.workshop.do(begin(self.workshop.parts))
        assert begun is not None
        self.past = begun
        if launched:
            self.launch()

    @rule()
    def launch(self) -> None:
        self.workshop.do(launch.launch(self.workshop.parts, self.past.mailing_id))

    @rule(limit=st.integers(1, 3))
    def claim(self, limit: int) -> None:
        for channel in CHANNELS:
            for suspects in (False, True):
                claimed = self.past.claim(channel, limit, suspects=suspects)
                self.held += self.workshop.do(claimed) or []

    @rule(answers=SOME_ANSWERS)
    def send(self, answers: list[str]) -> None:
        for claimed, answer in zip(self.held, answers, strict=False):
            change = self.workshop.do(self.past.send(claimed, answer))
            assert change is not None
            self.unwritten.append(change)
        del self.held[: len(answers)]

    @rule(count=st.integers(1, 3))
    def write(self, count: int) -> None:
        batch, self.unwritten = self.unwritten[:count], self.unwritten[count:]
        if batch:
            self.workshop.do(results.write(self.workshop.parts, batch))

    @rule(answers=SOME_ANSWERS)
    def deliver(self, answers: list[str]) -> None:
        self.past.pass_time(4_000)
        self.claim(3)
        self.send(answers)
        self.write(len(answers))

    @rule(answers=SOME_ANSWERS, lives_on=st.booleans())
    def deliver_and_lose_the_leases(self, answers: list[str], lives_on: bool) -> None:
        self.claim(3)
        self.send(answers)
        self.lose_leases(lives_on)

    @rule()
    def renew(self) -> None:
        if self.held:
            self.workshop.do(messages.renew(self.workshop.parts, self.held))

    @rule(lives_on=st.booleans())
    def lose_leases(self, lives_on: bool) -> None:
        if not lives_on:
            self.held.clear()
            self.unwritten.clear()
        self.past.pass_time(61)
        self.sweep()

    @rule()
    def sweep(self) -> None:
        self.workshop.do(sweep.sweep(self.workshop.parts, messages.BULK))

    @rule(verb=st.sampled_from([control.pause, control.resume, control.resume]))
    def steer(self, verb: Any) -> None:
        self.workshop.do(verb(self.workshop.parts, self.past.mailing_id, "operator"))

    @rule(said=st.sampled_from(["Stay!", "Go!", 2, 90, 720_000, "cancel"]))
    def change(self, said: str | int) -> None:
        if said == "cancel":
            self.steer(control.cancel)
        elif isinstance(said, str):
            self._change(text=said)
        else:
            self._change(end_at=self.past.now + timedelta(seconds=said))

    @rule()
    def retry(self) -> None:
        end_at = self.past.now + LONG
        whose = (self.workshop.parts, self.past.mailing_id)
        asked = retries.of_mailing(*whose, sorted(RETRYABLE), "operator", end_at)
        if self.workshop.do(asked) is not None:
            self.past.note(end_at=end_at)

    @rule(place=st.integers(0, 2), number=st.integers(10, 99))
    def client_moves_or_leaves(self, place: int, number: int) -> None:
        client_id, leaves = self.past.clients[place], number < 20
        self.workshop.do(self.past.remember(client_id, deleted=leaves))
        if leaves:
            self.workshop.do(directory.delete(self.workshop.parts, client_id))
        else:
            self.workshop.do(directory.update(client_id, {"phone": factories.phone(number)}))

    @invariant()
    def nothing_is_wrong(self) -> None:
        evidence = self.workshop.do(self.past.evidence())
        assert evidence is not None
        launched = evidence.mailings[0]["launch"]["expanded"]
        wanted = (*ALWAYS, rules.audience) if launched else ALWAYS
        assert [wrong for find in wanted for wrong in find(evidence)] == []
        for row in evidence.messages:
            if row["status"] == "pending" and row["_id"] in evidence.of_message:
                assert row["maybe_sent"], "it could expire, though it was taken"
        sent = {row["_id"] for row in evidence.messages if row["status"] == "sent"}
        assert sent >= self.sent, "what is sent stays sent"
        self.sent = sent

    def teardown(self) -> None:
        """Whatever happened: after the end everything has ended."""
        if not hasattr(self, "past"):
            return
        self.lose_leases(lives_on=False)
        for _ in range(4):
            self.launch()
            self.past.pass_time(300_000)
            self.sweep()
        evidence = self.workshop.do(self.past.evidence())
        assert evidence is not None
        assert rules.judge(evidence) == []

    def _change(self, **changes: Any) -> None:
        asked = mailings.update(self.workshop.parts, self.past.mailing_id, changes)
        if self.workshop.do(asked) is not None:
            self.past.note(**changes)


@pytest.fixture
def workshop(mongod: Mongod, redis_url: str) -> Iterator[Workshop]:
    """A prepared database, and a loop to use it in from tests that are not async."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        given = {"db_uri": mongod.uri(NAME), "redis_url": redis_url}
        opened = open_parts(load(_env_file=None, **given))
        parts = runner.run(opened.__aenter__())
        runner.run(prepare(mongo.database(parts.mongo)))
        yield Workshop(runner, parts)
        runner.run(parts.mongo.drop_database(NAME))
        runner.run(opened.__aexit__(None, None, None))


def test_a_life_in_any_order_of_events_breaks_no_rule(workshop: Workshop) -> None:
    Life.workshop = workshop
    run_state_machine_as_test(
        Life,
        settings=settings(
            derandomize=True,
            max_examples=40,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
