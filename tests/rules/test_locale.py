import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid
from rules.locale import covers, locale, nearest, widening

TAGS = st.from_regex(
    r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?(-[a-z0-9]{5,8})?", fullmatch=True
)


@pytest.mark.parametrize(
    ("raw", "spelled"),
    [
        ("EN", "en"),
        ("de-at", "de-AT"),
        ("ZH-hANT-tw", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("sl-ROZAJ-biske", "sl-rozaj-biske"),
    ],
)
def test_a_tag_is_spelled_as_usual(raw: str, spelled: str) -> None:
    assert locale(raw) == spelled


@pytest.mark.parametrize("raw", ["", "d", "deutsch", "de_AT", "de-", "de-AT-", 1, None, "de-" * 20])
def test_what_is_no_tag_is_refused(raw: object) -> None:
    with pytest.raises(Invalid, match="BCP 47"):
        locale(raw)


@given(TAGS)
def test_a_tag_in_its_usual_spelling_stays_as_it_is(tag: str) -> None:
    assert locale(tag) == tag
    assert locale(tag.upper()) == locale(tag.lower()) == tag


@given(TAGS)
def test_every_widening_covers_its_tag_and_nothing_else_does(tag: str) -> None:
    wider = list(widening(tag))
    assert wider[0] == tag
    assert wider[-1] == tag.split("-", maxsplit=1)[0]
    assert all(covers(one, tag) for one in wider)
    assert not any(covers(tag, one) for one in wider[1:])


def test_a_language_covers_no_longer_word() -> None:
    assert not covers("de", "del")
    assert not covers("de-AT", "de")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        *(("de-AT", "de-AT"), ("de-at", "de-AT"), ("de-CH", "de"), ("de", "de"), ("fr", "en")),
        *((None, "en"), ("", "en"), ("zh-Hant-TW", "zh-Hant"), ("zh-TW", "en"), ("d", "en")),
        *(("de-AT-biske", "de-AT"), ("de_AT", "en"), ("-", "en"), ("x" * 99, "en")),
    ],
)
def test_the_nearest_of_the_known_stands_in(wanted: str | None, found: str) -> None:
    assert nearest(wanted, ["en", "de", "de-AT", "zh-Hant"], "en") == found


@given(st.none() | st.text(), st.sets(TAGS, min_size=1))
def test_something_known_is_found_for_any_wish(wanted: str | None, known: set[str]) -> None:
    assert nearest(wanted, known, min(known)) in known
    assert all(nearest(tag.lower(), known, min(known)) == tag for tag in known)
