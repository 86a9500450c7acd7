"""What a link says is what it was made of."""

import pytest
from bson import ObjectId
from hypothesis import example, given
from hypothesis import strategies as st

from core.errors import Invalid
from rules import unsubscribing
from rules.preferences import Outlet
from rules.unsubscribing import Link, Whom

OIDS = st.binary(min_size=12, max_size=12).map(lambda raw: str(ObjectId(raw)))
ADDRESSES = st.emails().filter(lambda address: "\0" not in address)
TOPICS = st.none() | st.from_regex(r"[a-z][a-z0-9_.-]{0,63}", fullmatch=True)
LINKS = st.one_of(
    st.builds(Link, st.sampled_from([Whom.USER, Whom.CLIENT]), OIDS, TOPICS, st.just("email")),
    st.builds(Link, st.just(Whom.ADDRESS), ADDRESSES, TOPICS, st.sampled_from(Outlet)),
)


@given(LINKS)
@example(Link(Whom.USER, "00" * 12, "promo", "email"))
def test_a_link_is_read_as_it_was_made(link: Link) -> None:
    assert unsubscribing.unpacked(unsubscribing.packed(link)) == link


@given(st.binary(max_size=60))
@example(b"\x01uPROMO/email\0" + bytes(12))
@example(b"\x01upromo/*\0" + bytes(12))
@example(b"\x01upromo/email\0" + bytes(11))
@example(b"\x01xpromo/email\0" + bytes(12))
@example(b"\x02upromo/email\0" + bytes(12))
@example(b"\x01apromo/email\0\xff")
@example(b"\x01apromo\0ann@example.com")
def test_what_was_never_made_is_refused_or_is_a_link(raw: bytes) -> None:
    try:
        link = unsubscribing.unpacked(raw)
    except Invalid:
        return
    assert unsubscribing.packed(link) == raw


@pytest.mark.parametrize("raw", [b"", b"\x01", b"\x01upromo/email", b"\x01upromo/*\0" + bytes(12)])
def test_what_says_too_little_is_refused(raw: bytes) -> None:
    with pytest.raises(Invalid):
        unsubscribing.unpacked(raw)


def test_a_link_knows_the_entries_that_it_stands_for() -> None:
    link = Link(Whom.ADDRESS, "ann@example.com", "promo", "email")
    assert (link.entry, link.everything) == ("promo/email", "*/email")
