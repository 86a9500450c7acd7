"""The pure half of the inbox. What its updates do in MongoDB: tests/services/test_ring.py."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.errors import Invalid
from rules import inbox
from rules.inbox import Created, Event, Read, Resync
from tests.factories import Ring, applied, item

USER = "65f0c3a1b2c3d4e5f6a7b8c9"
OTHER = "65f0c3a1b2c3d4e5f6a7b8ca"
SEQS = st.integers(min_value=0, max_value=2**63 - 1)
LIMITS = st.integers(min_value=1, max_value=6)
PLACE = st.tuples(st.just("place"), LIMITS)
MARK = st.tuples(st.just("mark"), st.integers(min_value=0, max_value=30))
HISTORIES = st.lists(st.one_of(PLACE, PLACE, MARK), max_size=30)


def ring_of(history: list[tuple[str, int]]) -> Ring:
    """The ring after a history of items placed at some limit and places marked up to."""
    ring = Ring()
    for number, (act, value) in enumerate(history):
        if act == "place":
            ring.place(item(f"i{number}"), value)
        else:
            ring.mark(lambda one, upto=value: one["seq"] <= upto)  # type: ignore[misc]
    return ring


def spelled(text: str) -> str:
    """The text as a cursor would carry it."""
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def replay(ring: Ring, after: int) -> list[Event]:
    return inbox.replay(ring.items, after, ring.seq, ring.floor)


@given(HISTORIES)
def test_the_state_at_any_cursor_and_the_replay_make_the_current_state(
    history: list[tuple[str, int]],
) -> None:
    ring = ring_of(history)
    for after, shown in enumerate(ring.history):
        events = replay(ring, after)
        if after < ring.floor:
            assert events == [Resync(ring.seq)]
        else:
            assert applied(shown, events, len(ring.items)) == ring.shown


@given(HISTORIES)
def test_a_replay_is_in_order_without_double_and_only_what_is_newer(
    history: list[tuple[str, int]],
) -> None:
    ring = ring_of(history)
    for after in range(ring.floor, ring.seq + 1):
        seqs = [event.seq for event in replay(ring, after)]
        assert seqs == sorted(set(seqs))
        assert all(after < seq <= ring.seq for seq in seqs)


@given(HISTORIES, st.integers(min_value=1))
def test_a_cursor_from_beyond_the_head_can_not_be_continued(
    history: list[tuple[str, int]], beyond: int
) -> None:
    ring = ring_of(history)
    assert replay(ring, ring.seq + beyond) == [Resync(ring.seq)]


def test_items_that_were_read_at_once_are_one_event_newest_first() -> None:
    ring = Ring()
    for name in "abc":
        ring.place(item(name), 9)
    ring.mark(lambda one: one["id"] != "b")
    created, read = replay(ring, 2)
    assert isinstance(created, Created)
    assert created.item["id"] == "c"
    assert isinstance(read, Read)
    assert (read.seq, [one["id"] for one in read.items]) == (4, ["c", "a"])


@given(SEQS)
def test_a_cursor_leads_back_to_its_place(seq: int) -> None:
    assert inbox.place(USER, inbox.cursor(USER, seq)) == seq


@given(SEQS, SEQS)
def test_places_have_cursors_of_their_own(one: int, other: int) -> None:
    assume(one != other)
    assert inbox.cursor(USER, one) != inbox.cursor(USER, other)


@given(SEQS)
def test_a_cursor_of_another_user_is_refused_as_such(seq: int) -> None:
    with pytest.raises(Invalid, match="another user's"):
        inbox.place(USER, inbox.cursor(OTHER, seq))


@pytest.mark.parametrize("seq", ["-1", str(2**63), "9" * 5_000, "", "x", "1:2"])
def test_a_cursor_of_an_impossible_place_is_refused(seq: str) -> None:
    with pytest.raises(Invalid, match="not a cursor"):
        inbox.place(USER, spelled(f"inbox:{USER}:{seq}"))


@given(st.text())
def test_garbage_is_no_cursor(garbage: str) -> None:
    with pytest.raises(Invalid, match="not a cursor"):
        inbox.place(USER, garbage)


@given(SEQS, st.integers(min_value=0), st.text(min_size=1, max_size=3))
def test_a_changed_cursor_is_refused_unless_it_is_the_cursor_of_another_place(
    seq: int, at: int, put: str
) -> None:
    true = inbox.cursor(USER, seq)
    at %= len(true) + 1
    changed = true[:at] + put + true[at:]
    with suppress(Invalid):
        assert changed == inbox.cursor(USER, inbox.place(USER, changed))


@pytest.mark.parametrize(
    "text",
    ["inbox:{}: 1", "inbox:{}:+1", "inbox:{}:1_0", "inbox:{}:01", "inbox:{}:１", "Inbox:{}:1"],
)
def test_only_our_own_spelling_of_a_cursor_is_one(text: str) -> None:
    with pytest.raises(Invalid):
        inbox.place(USER, spelled(text.format(USER)))


def test_a_cursor_says_nothing_at_first_sight() -> None:
    cursor = inbox.cursor(USER, 7)
    assert USER not in cursor
    assert cursor.isascii() and cursor.replace("-", "").replace("_", "").isalnum()
    assert urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode() == f"inbox:{USER}:7"


def test_newest_first_goes_by_seq() -> None:
    items = [{"seq": 2}, {"seq": 9}, {"seq": 4}]
    assert inbox.newest_first(items) == ({"seq": 9}, {"seq": 4}, {"seq": 2})
