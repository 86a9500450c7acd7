"""What mutes what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid
from rules import preferences
from rules.message import Route
from rules.preferences import ANY, MOST, Outlet

TOPICS = st.sampled_from(["promo", "news", "a.b-c_1"])
OUTLETS = st.sampled_from(Outlet)
ENTRIES = st.builds(preferences.entry, st.none() | TOPICS, st.none() | OUTLETS)


def test_every_way_to_a_recipient_can_be_muted() -> None:
    assert {route.value for route in Route} <= {outlet.value for outlet in Outlet}


@given(st.none() | TOPICS, st.none() | OUTLETS)
def test_an_entry_is_read_as_it_was_written(topic: str | None, channel: str | None) -> None:
    assert preferences.parts(preferences.entry(topic, channel)) == (topic, channel)


@given(st.lists(ENTRIES, max_size=6), st.none() | TOPICS, OUTLETS)
def test_something_is_muted_if_an_entry_has_its_topic_or_any_and_its_channel_or_any(
    muted: list[str], topic: str | None, channel: str
) -> None:
    expected = {
        one
        for one in muted
        if preferences.parts(one)[0] in (None, topic)
        and preferences.parts(one)[1] in (None, channel)
    }
    found = preferences.mutes(muted, topic, channel)
    assert (found in expected) if expected else (found is None)


def test_the_most_special_entry_is_the_one_that_is_told() -> None:
    muted = ["*/*", "*/email", "promo/*", "promo/email"]
    assert preferences.muting("promo", "email") == ("promo/email", "promo/*", "*/email", "*/*")
    assert preferences.mutes(muted, "promo", "email") == "promo/email"


def test_what_has_no_topic_is_muted_with_all_others_only() -> None:
    assert preferences.mutes(["promo/*"], None, "email") is None
    assert preferences.mutes(["*/email"], None, "email") == "*/email"


@given(st.lists(ENTRIES, max_size=30))
def test_checked_entries_are_in_order_and_each_is_there_once(said: list[str]) -> None:
    assert preferences.checked([*said, *said]) == tuple(sorted(set(said)))


@pytest.mark.parametrize("bad", ["", "promo", "/", "/email", "promo/", "a b/email", "A/email"])
def test_what_is_no_entry_is_refused(bad: str) -> None:
    with pytest.raises(Invalid):
        preferences.checked([bad])


@pytest.mark.parametrize("bad", ["promo/email/x", "promo/fax", "**/email", f"{'x' * 65}/email"])
def test_what_names_no_topic_or_no_channel_is_refused(bad: str) -> None:
    with pytest.raises(Invalid):
        preferences.checked([bad])


def test_there_are_not_too_many() -> None:
    entries = [f"t{number}/{ANY}" for number in range(MOST)]
    assert len(preferences.checked(entries)) == MOST
    with pytest.raises(Invalid, match="at most 200"):
        preferences.checked([*entries, "one.more/*"])
