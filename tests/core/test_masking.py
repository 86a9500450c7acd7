"""What a log shows of people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import masking


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("79161234567", "7***67"),
        ("ada.lovelace@example.com", "a***@example.com"),
        ("@adalovelace", "@***ce"),
        ("1234", "***"),
        ("", "***"),
    ],
)
def test_an_address_keeps_its_ends(said: str, shown: str) -> None:
    assert masking.address(said) == shown


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("550 <ada@example.com>: unknown user", "550 <a***@example.com>: unknown user"),
        ("no route to +79161234567.", "no route to +***67."),
        ('{"code":0,"message":"OK"}', '{"code":0,"message":"OK"}'),
        ("127.0.0.1:27017: refused after 30000 ms", "127.0.0.1:27017: refused after 30000 ms"),
        ("id 65f0c3a1b2c3d4e5f6a7b8c1", "id 65f0c3a1b2c3d4e5f6a7b8c1"),
    ],
)
def test_a_text_keeps_what_is_no_address(said: str, shown: str) -> None:
    assert masking.text(said) == shown


@given(st.integers(10**6, 10**15 - 1), st.text(" .,:;\n", min_size=1), st.text(" .,:;\n"))
def test_no_phone_number_is_left_in_a_text(number: int, before: str, after: str) -> None:
    assert str(number) not in masking.text(f"{before}{number}{after}")


@pytest.mark.parametrize("name", ["answer", "detail", "error", "exception"])
def test_what_others_say_shows_nobody(name: str) -> None:
    line: dict[str, object] = {name: "no +79161234567"}
    masking.mask(line)
    assert line == {name: "no +***67"}


def test_of_what_people_are_told_only_the_size_is_shown() -> None:
    line: dict[str, object] = {"text": "Your code is 1234", "address": None, "why": "a@b.example"}
    masking.mask(line)
    assert line == {"text": "(17 characters)", "address": None, "why": "a@b.example"}
