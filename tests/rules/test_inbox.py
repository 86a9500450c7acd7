"""Events, replays and cursors. What the updates do in MongoDB: tests/services/test_ring.py."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.errors import Invalid
from rules import inbox
from rules.inbox import Archived, Created, Read, Resync, Retracted, Unarchived, Updated
from tests.factories import item
from tests.rings import Ring, Screen

USER = "65f0c3a1b2c3d4e5f6a7b8c9"
OTHER = "65f0c3a1b2c3d4e5f6a7b8ca"
SEQS = st.integers(min_value=0, max_value=2**63 - 1)
LIMITS = st.integers(min_value=1, max_value=6)
NUMBERS = st.integers(min_value=0, max_value=30)
CHANGES = st.sampled_from(["up to", "update", "archive", "unarchive"])
Act = tuple[str, int, int]
PLACE = st.tuples(st.just("place"), LIMITS, NUMBERS)
CHANGE = st.tuples(CHANGES, LIMITS, NUMBERS)
RETRACT = st.tuples(st.just("retract"), LIMITS, NUMBERS)
HISTORIES: st.SearchStrategy[list[Act]] = st.lists(
    st.one_of(PLACE, PLACE, CHANGE, RETRACT), max_size=30
)


def perform(ring: Ring, number: int, act: str, limit: int, value: int) -> None:
    """One step of a history."""
    match act:
        case "place":
            ring.place(item(f"i{number}"), limit)
        case "up to":
            ring.mark(lambda one: one["seq"] <= value)
        case "update":
            ring.update(f"i{value}", {"title": f"{number % 2}"})
        case "retract":
            ring.retract(f"i{value}", limit)
        case _:
            ring.archive(f"i{value}", archived=act == "archive")


def ring_of(history: list[Act]) -> Ring:
    """The ring after a history."""
    ring = Ring()
    for number, act in enumerate(history):
        perform(ring, number, *act)
    return ring


def spelled(text: str) -> str:
    """The text as a cursor would carry it."""
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


@given(HISTORIES)
def test_the_state_at_any_cursor_and_the_replay_make_the_current_state(
    history: list[Act],
) -> None:
    ring = ring_of(history)
    for after, shown in enumerate(ring.history):
        screen = Screen(shown, after, sum(one["new"] for one in shown.values()))
        screen.hear(ring)
        assert (screen.items, screen.seq, screen.unread) == (ring.shown, ring.seq, ring.unread)
        assert screen.resyncs == (after < max(ring.floor, ring.forgotten))


@given(HISTORIES, st.lists(st.tuples(st.integers(0, 30), st.integers(0, 6)), max_size=8))
def test_whoever_comes_and_goes_at_any_time_ends_with_the_current_state(
    history: list[Act], visits: list[tuple[int, int]]
) -> None:
    """Each visit hears some of the events that it missed, and none again that it has heard."""
    ring, screen = Ring(), Screen()
    for number, act in enumerate(history):
        perform(ring, number, *act)
        for _, most in (visit for visit in visits if visit[0] == number):
            screen.hear(ring, most)
    screen.hear(ring)
    assert (screen.items, screen.seq) == (ring.shown, ring.seq)
    assert screen.unread == ring.unread


@given(HISTORIES)
def test_a_replay_is_in_order_without_double_and_ends_at_the_head(history: list[Act]) -> None:
    ring = ring_of(history)
    for after in range(max(ring.floor, ring.forgotten), ring.seq):
        seqs = [event.seq for event in ring.since(after)]
        assert seqs == sorted(set(seqs))
        assert seqs[0] > after
        assert seqs[-1] == ring.seq
    assert ring.since(ring.seq) == []


@given(HISTORIES, st.integers(min_value=1))
def test_a_cursor_from_beyond_the_head_can_not_be_continued(
    history: list[Act], beyond: int
) -> None:
    ring = ring_of(history)
    assert ring.since(ring.seq + beyond) == [Resync(ring.seq)]


def test_items_that_were_read_at_once_are_one_event_newest_first() -> None:
    ring = Ring()
    for name in "abc":
        ring.place(item(name), 9)
    ring.mark(lambda one: one["id"] != "b")
    created, read = ring.since(2)
    assert isinstance(created, Created)
    assert created.item["id"] == "c"
    assert isinstance(read, Read)
    assert (read.seq, [one["id"] for one in read.items]) == (4, ["c", "a"])


def test_each_kind_of_change_is_an_event_of_its_own() -> None:
    ring = Ring()
    for name in "abc":
        ring.place(item(name), 9)
    ring.update("a", {"title": "New"})
    ring.archive("b", archived=True)
    ring.archive("c", archived=True)
    ring.archive("c", archived=False)
    ring.retract("a", 9)
    archived, unarchived, retracted = ring.since(3)
    assert isinstance(archived, Archived)
    assert isinstance(unarchived, Unarchived)
    assert (archived.item["id"], unarchived.item["id"]) == ("b", "c")
    assert retracted == Retracted(8, "a")


def test_of_several_updates_the_last_one_is_told() -> None:
    ring = Ring()
    ring.place(item("a"), 9)
    for title in ("first", "second"):
        ring.update("a", {"title": title})
    (event,) = ring.since(1)
    assert isinstance(event, Updated)
    assert (event.seq, event.item["title"]) == (3, "second")


def test_an_item_from_before_there_were_updates_and_archives_is_told() -> None:
    old = {"id": "a", "seq": 1, "new": True, "key": "new_post"}
    assert inbox.replay([old], [], 0, head=1, floor=0) == [Created(1, old)]


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
