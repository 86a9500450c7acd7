"""Seals open for whoever has the secret, and for nobody else."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core import seals
from core.errors import ConfigurationError
from core.settings import Settings, load

FIRST, SECOND = "the first secret, which is long enough", "the second secret, just as long as it"
JWT = "a secret for tokens, which is long enough"
PUBLIC = "https://belfry.example.com"


def settings(**said: str) -> Settings:
    return load(_env_file=None, **said)


def made(**said: str) -> seals.Seals:
    found = seals.by(settings(**said))
    assert found is not None
    return found


SEALS = made(link_secret=FIRST)


@given(st.binary(min_size=1, max_size=300), st.binary(max_size=20))
@example(b"\0", b"")
def test_a_seal_opens_for_its_purpose_and_only_for_that(text: bytes, purpose: bytes) -> None:
    sealed = SEALS.seal(text, purpose)
    assert SEALS.open(sealed, purpose) == text
    assert SEALS.open(sealed, purpose + b"!") is None
    assert set(sealed) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(st.binary(min_size=1, max_size=60), st.data())
def test_a_seal_with_any_change_opens_no_more(text: bytes, data: st.DataObject) -> None:
    sealed = SEALS.seal(text, b"p")
    at = data.draw(st.integers(0, len(sealed) - 1))
    other = data.draw(st.sampled_from("Ab0-_=.").filter(lambda char: char != sealed[at]))
    for changed in (
        sealed[:at] + other + sealed[at + 1 :],
        sealed[:at],
        sealed + other,
        sealed + "=",
    ):
        assert SEALS.open(changed, b"p") is None


@given(st.text(max_size=100) | st.text("AZaz09-_=", max_size=2_000))
@example("")
@example("a" * 10_000_000)
@example("\ud800")
def test_what_nobody_sealed_opens_nothing(said: str) -> None:
    assert SEALS.open(said, b"p") is None


def test_a_seal_shows_nothing_of_its_text() -> None:
    assert SEALS.seal(b"a" * 40, b"p")[:8] != SEALS.seal(b"a" * 41, b"p")[:8]
    assert "user" not in SEALS.seal(b"user" * 10, b"p")


def test_the_first_secret_seals_and_every_one_opens() -> None:
    old, both = made(link_secret=FIRST), made(link_secret=f"{SECOND}, {FIRST}")
    assert both.open(old.seal(b"x", b"p"), b"p") == b"x"
    assert made(link_secret=SECOND).open(both.seal(b"x", b"p"), b"p") == b"x"
    assert made(link_secret=SECOND).open(old.seal(b"x", b"p"), b"p") is None


def test_without_a_secret_of_its_own_a_seal_is_made_by_that_of_tokens_and_opens_ever_after() -> (
    None
):
    derived = made(jwt_secret=JWT)
    sealed = derived.seal(b"x", b"p")
    assert derived.open(sealed, b"p") == b"x"
    assert made(jwt_secret=JWT, link_secret=FIRST).open(sealed, b"p") == b"x"
    # Not by the same key as if it had been given for links.
    assert made(link_secret=JWT).open(sealed, b"p") is None


def test_without_any_secret_there_are_no_seals() -> None:
    assert seals.by(settings()) is None
    seals.check(settings())


@pytest.mark.parametrize(
    "url",
    [PUBLIC, f"{PUBLIC}/", f"{PUBLIC}:8443/bell", "http://127.0.0.1:8000", "http://localhost"],
)
def test_links_are_https_and_http_only_at_home(url: str) -> None:
    seals.check(settings(public_url=url, jwt_secret=JWT))


@pytest.mark.parametrize(
    "url",
    [
        *("belfry.example.com", "http://belfry.example.com", "ftp://localhost", "https://", "x"),
        *(f"{PUBLIC}?a=b", f"{PUBLIC}#a", f"{PUBLIC}/a b", f"{PUBLIC}/>", "https://ä.example.com"),
        *(f"{PUBLIC}:port", "https://me:secret@example.com", f"{PUBLIC}/{'x' * 200}"),
    ],
)
def test_what_no_mail_could_carry_is_an_error_at_start(url: str) -> None:
    with pytest.raises(ConfigurationError, match="PUBLIC_URL"):
        seals.check(settings(public_url=url, jwt_secret=JWT))


def test_links_without_a_secret_are_an_error_at_start() -> None:
    with pytest.raises(ConfigurationError, match="set LINK_SECRET"):
        seals.check(settings(public_url=PUBLIC))


@pytest.mark.parametrize("secret", ["short", f"{FIRST},short"])
def test_a_short_secret_is_an_error_at_start_that_does_not_tell_it(secret: str) -> None:
    with pytest.raises(ConfigurationError, match="LINK_SECRET") as caught:
        seals.check(settings(link_secret=secret))
    assert "short" not in str(caught.value)
