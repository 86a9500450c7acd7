import uuid
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rules.message import FINAL, OPEN, Fate, Status, Verdict, closed, fate, message_id, number

LATER = datetime(2026, 1, 1, tzinfo=UTC)
UUIDS = st.uuids()
SALTS = st.integers(min_value=0, max_value=1_000)


@pytest.mark.parametrize(
    ("verdict", "maybe_sent", "expected"),
    [
        (Verdict.ACCEPTED, False, Fate(Status.SENT, maybe_sent=False)),
        (Verdict.ACCEPTED, True, Fate(Status.SENT, maybe_sent=False)),
        (Verdict.NOT_ACCEPTED, False, Fate(Status.PENDING, maybe_sent=False, due_at=LATER)),
        (Verdict.NOT_ACCEPTED, True, Fate(Status.PENDING, maybe_sent=True, due_at=LATER)),
        (Verdict.UNKNOWN, False, Fate(Status.PENDING, maybe_sent=True, due_at=LATER)),
        (Verdict.UNKNOWN, True, Fate(Status.PENDING, maybe_sent=True, due_at=LATER)),
        (Verdict.REFUSED, False, Fate(Status.FAILED, maybe_sent=False)),
        (Verdict.REFUSED, True, Fate(Status.UNCERTAIN, maybe_sent=True)),
        (Verdict.UNDELIVERABLE, False, Fate(Status.UNDELIVERABLE, maybe_sent=False)),
        (Verdict.UNDELIVERABLE, True, Fate(Status.UNCERTAIN, maybe_sent=True)),
    ],
)
def test_each_verdict_has_its_fate(verdict: Verdict, maybe_sent: bool, expected: Fate) -> None:
    assert fate(verdict, maybe_sent, LATER) == expected


@given(st.lists(st.sampled_from(Verdict), min_size=1))
def test_what_may_have_been_sent_ends_as_sent_or_uncertain(verdicts: list[Verdict]) -> None:
    now, last = Fate(Status.PENDING, maybe_sent=False), verdicts[0]
    unknown = False
    for last in verdicts:
        now = fate(last, now.maybe_sent, LATER)
        unknown = unknown or last is Verdict.UNKNOWN
        if now.status in FINAL:
            break
    assert (now.due_at is None) == (now.status in FINAL)
    assert (now.status is Status.SENT) == (last is Verdict.ACCEPTED)
    if unknown and now.status in FINAL:
        assert now.status in (Status.SENT, Status.UNCERTAIN)


@pytest.mark.parametrize("wanted", [Status.EXPIRED, Status.CANCELLED, Status.FAILED])
def test_who_gives_up_what_may_have_been_sent_says_uncertain(wanted: Status) -> None:
    assert closed(wanted, maybe_sent=False) is wanted
    assert closed(wanted, maybe_sent=True) is Status.UNCERTAIN


def test_a_status_is_either_open_or_final() -> None:
    assert {status for status in Status if status in OPEN} == {Status.PENDING, Status.SENDING}
    assert {status for status in Status if status not in OPEN} == FINAL


def test_ids_and_numbers_never_change() -> None:
    """They name what is already at the outside: another value would send it twice."""
    made = message_id("65f0c3a1b2c3d4e5f6a7b8c9", "65f0c3a1b2c3d4e5f6a7b8ca", "sending_api")
    assert made == uuid.UUID("9ccf060f-5418-5791-9ed7-af3fcbe94d12")
    assert [number(made, salt) for salt in range(3)] == [
        2222437629669494034,
        3293824243672378662,
        571636398320394545,
    ]


@given(st.lists(st.tuples(UUIDS, UUIDS, st.sampled_from(["sending_api", "email"])), unique=True))
def test_different_messages_have_different_ids(
    named: list[tuple[uuid.UUID, uuid.UUID, str]],
) -> None:
    ids = {message_id(str(source), str(to), channel) for source, to, channel in named}
    assert len(ids) == len(named)


@given(UUIDS, SALTS)
def test_a_number_is_a_positive_int64(message: uuid.UUID, salt: int) -> None:
    assert 0 < number(message, salt) < 2**63
    assert number(message, salt) == number(message, salt)


@given(UUIDS, SALTS, SALTS)
def test_another_salt_gives_another_number(message: uuid.UUID, one: int, other: int) -> None:
    assume(one != other)
    assert number(message, one) != number(message, other)


def test_a_hash_of_nothing_but_zeros_still_has_a_positive_number() -> None:
    assert number(uuid.UUID(int=0)) == 1
    assert number(uuid.UUID(int=2**127)) == 1
