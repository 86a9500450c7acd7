"""What names a person, and what an address becomes."""

from hypothesis import given
from hypothesis import strategies as st

from rules import erasure
from rules.message import Route

KEYS = st.builds("{}:{}".format, st.sampled_from(list(Route)), st.text(min_size=1))


@given(KEYS, KEYS, st.binary(min_size=32, max_size=32))
def test_a_pseudonym_is_the_same_for_the_same_address_only_and_tells_nothing_of_it(
    key: str, other: str, secret: bytes
) -> None:
    found = erasure.pseudonym(secret, key)
    assert found == erasure.pseudonym(secret, key)
    assert (found == erasure.pseudonym(secret, other)) == (key == other)
    channel, _, rest = found.partition(":")
    assert channel == key.partition(":")[0]
    assert rest.startswith(erasure.MARK) and len(rest) == 65
    assert found != erasure.pseudonym(secret[::-1] + b"x", key)


def test_a_text_mentions_a_phone_however_it_is_punctuated() -> None:
    said = '{"phone": "+7 (916) 123-45-67", "email": "Ann@Example.com"}'
    assert erasure.mentions(said, ["79161234567"], ())
    assert erasure.mentions(said, ["ann@example.com"], ())
    assert erasure.mentions('{"clientId": "Q2xp"}', (), ["Q2xp"])
    assert not erasure.mentions(said, ["79161234568", "bob@example.com", "4711"], ["Q2xp"])


def test_who_muted_all_of_a_channel_has_opted_out_of_it() -> None:
    keys = ["email:ann@example.com", "sending_api:79161234567"]
    assert erasure.opted_out(["*/email", "news/*"], keys) == keys[:1]
    assert erasure.opted_out(["*/*"], keys) == keys
    assert erasure.opted_out(["news/email"], keys) == []
