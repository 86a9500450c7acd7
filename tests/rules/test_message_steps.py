"""The transition table of messages: what may happen when, and what never gets lost by it."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from core.errors import Invalid
from rules.message import FINAL, OPEN, RETRYABLE, TRANSITIONS, Status, Step, Verdict, step

# Each step from each state, as the design draws it; what isn't here can't be.
ALLOWED = {
    Status.PENDING: {
        Step.CLAIMED: Status.SENDING,
        Step.ACCEPTED: Status.SENT,
        Step.EXPIRED: Status.EXPIRED,
        Step.CANCELLED: Status.CANCELLED,
    },
    Status.SENDING: {
        Step.RETURNED: Status.PENDING,
        Step.RECLAIMED: Status.PENDING,
        Step.QUARANTINED: Status.UNCERTAIN,
        Step.ACCEPTED: Status.SENT,
        Step.NOT_ACCEPTED: Status.PENDING,
        Step.REFUSED: Status.FAILED,
        Step.UNDELIVERABLE: Status.UNDELIVERABLE,
        Step.UNKNOWN: Status.PENDING,
        Step.EXPIRED: Status.EXPIRED,
        Step.CANCELLED: Status.CANCELLED,
        Step.SUPPRESSED: Status.SUPPRESSED,
    },
    Status.FAILED: {Step.RETRIED: Status.PENDING},
    Status.UNDELIVERABLE: {Step.RETRIED: Status.PENDING},
    Status.EXPIRED: {Step.RETRIED: Status.PENDING},
    Status.SUPPRESSED: {Step.RETRIED: Status.PENDING},
    Status.UNCERTAIN: {Step.RETRIED: Status.PENDING, Step.ACCEPTED: Status.SENT},
}
PAIRS = list(product(Status, Step))
GIVEN_UP = {Status.FAILED, Status.UNDELIVERABLE, Status.EXPIRED, Status.CANCELLED} | {
    Status.SUPPRESSED
}
# After these nobody here knows whether the outside has the message.
DARK = {Step.UNKNOWN, Step.RECLAIMED, Step.QUARANTINED}


def takes(status: Status, what: Step, *, maybe_sent: bool) -> bool:
    try:
        step(status, what, maybe_sent=maybe_sent)
    except Invalid:
        return False
    return True


@pytest.mark.parametrize(("status", "what"), PAIRS)
def test_a_step_leads_where_the_design_says_or_is_refused(status: Status, what: Step) -> None:
    expected = ALLOWED.get(status, {}).get(what)
    if expected is not None:
        assert step(status, what, maybe_sent=False)[0] is expected
        return
    for maybe_sent in (False, True):
        with pytest.raises(Invalid, match=f"a message that is {status} can't be {what}"):
            step(status, what, maybe_sent=maybe_sent)


@pytest.mark.parametrize(("status", "what"), PAIRS)
def test_what_may_have_been_sent_is_never_given_up_as_if_it_was_not(
    status: Status, what: Step
) -> None:
    if not takes(status, what, maybe_sent=True):
        return
    after, maybe_sent = step(status, what, maybe_sent=True)
    assert after not in GIVEN_UP
    assert maybe_sent is (after is not Status.SENT)


@pytest.mark.parametrize("what", Step)
def test_only_the_dark_makes_a_message_doubtful(what: Step) -> None:
    for status in TRANSITIONS[what][0]:
        assert step(status, what, maybe_sent=False)[1] is (what in DARK)


def test_an_end_is_left_only_by_a_retry_or_by_a_late_word_of_the_provider() -> None:
    left = {(status, what) for status, what in PAIRS if takes(status, what, maybe_sent=True)}
    assert {pair for pair in left if pair[0] in FINAL} == {
        *((status, Step.RETRIED) for status in RETRYABLE),
        (Status.UNCERTAIN, Step.ACCEPTED),
    }


def test_what_was_sent_or_cancelled_is_never_retried() -> None:
    assert {Status.SENT, Status.CANCELLED} == FINAL - RETRYABLE


def test_every_step_has_its_place_in_the_table_and_every_verdict_is_a_step() -> None:
    assert set(TRANSITIONS) == set(Step)
    assert {verdict.value for verdict in Verdict} <= {what.value for what in Step}


@given(st.lists(st.sampled_from(Step), max_size=30))
def test_whatever_happens_a_doubtful_message_ends_as_sent_or_uncertain(steps: list[Step]) -> None:
    status, maybe_sent, doubtful = Status.PENDING, False, False
    for what in steps:
        if takes(status, what, maybe_sent=maybe_sent):
            status, maybe_sent = step(status, what, maybe_sent=maybe_sent)
            doubtful = doubtful or what in DARK
    assert maybe_sent is (doubtful and status is not Status.SENT)
    assert not (doubtful and status in GIVEN_UP)


class Life(RuleBasedStateMachine):
    """A message, workers that die or hear nothing, and an outside that knows what it accepted.

    Whoever gives up a message in its lease does so before sending it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.status, self.maybe_sent = Status.PENDING, False
        self.accepted = False
        self.answers_on_the_way = 0

    def take(self, what: Step) -> None:
        self.status, self.maybe_sent = step(self.status, what, maybe_sent=self.maybe_sent)

    @precondition(lambda self: self.status is Status.PENDING)
    @rule()
    def claim(self) -> None:
        self.take(Step.CLAIMED)

    @precondition(lambda self: self.status is Status.SENDING)
    @rule(
        verdict=st.sampled_from(
            [Step.NOT_ACCEPTED, Step.REFUSED, Step.UNDELIVERABLE, Step.RETURNED, Step.SUPPRESSED]
        )
    )
    def hear_no(self, verdict: Step) -> None:
        self.take(verdict)

    @precondition(lambda self: self.status is Status.SENDING)
    @rule()
    def hear_yes(self) -> None:
        self.accepted = True
        self.take(Step.ACCEPTED)

    @precondition(lambda self: self.status is Status.SENDING)
    @rule(accepted=st.booleans(), what=st.sampled_from(sorted(DARK)))
    def hear_nothing(self, accepted: bool, what: Step) -> None:
        self.accepted = self.accepted or accepted
        self.answers_on_the_way += accepted
        self.take(what)

    @precondition(lambda self: self.answers_on_the_way and self.status is not Status.SENT)
    @rule()
    def hear_yes_late(self) -> None:
        self.answers_on_the_way -= 1
        self.take(Step.ACCEPTED)

    @precondition(lambda self: self.status in OPEN)
    @rule(what=st.sampled_from([Step.EXPIRED, Step.CANCELLED]))
    def give_up(self, what: Step) -> None:
        self.take(what)

    @precondition(lambda self: self.status in RETRYABLE)
    @rule()
    def retry(self) -> None:
        self.take(Step.RETRIED)

    @rule(what=st.sampled_from(Step))
    def refuse_what_cannot_be(self, what: Step) -> None:
        possible = what in ALLOWED.get(self.status, {})
        assert takes(self.status, what, maybe_sent=self.maybe_sent) is possible

    @invariant()
    def what_the_outside_has_is_sent_or_doubtful(self) -> None:
        assert not self.accepted or self.status is Status.SENT or self.maybe_sent

    @invariant()
    def what_the_outside_has_not_is_never_sent(self) -> None:
        assert self.status is not Status.SENT or self.accepted

    @invariant()
    def doubt_has_no_other_end(self) -> None:
        assert not self.maybe_sent or self.status in {*OPEN, Status.UNCERTAIN}


TestLife = Life.TestCase
