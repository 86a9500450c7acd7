"""Handles of the messengers: one accepted spelling each, and a remedy for anything else."""

from typing import Any

import pytest

from core.errors import Invalid
from rules import addresses
from rules.addresses import HANDLES


@pytest.mark.parametrize(
    ("way", "raw", "kept"),
    [
        ("telegram", "123456789", "123456789"),
        ("telegram", 123456789, "123456789"),
        ("telegram", "-1001234567890", "-1001234567890"),
        ("telegram", "@belfry_news", "@belfry_news"),
        ("whatsapp", "79991234567", "79991234567"),
        ("whatsapp", 4915112345678, "4915112345678"),
        ("viber", "01234567890A=", "01234567890A="),
        ("viber", "a1B+/c3d4e5f6g7h8i9j0k==", "a1B+/c3d4e5f6g7h8i9j0k=="),
    ],
)
def test_a_good_handle_is_kept(way: str, raw: Any, kept: str) -> None:
    assert HANDLES[way](raw) == kept


@pytest.mark.parametrize(
    ("way", "raw"),
    [
        *(("telegram", raw) for raw in ("", "0", "ann", "@ann", "@1ann", "12\n", "1" * 17, "-")),
        *(("telegram", raw) for raw in (None, 1.5, True, "٣٤٥", "@ann/getMe")),
        *(("whatsapp", raw) for raw in ("", "+79991234567", "09991234567", "123456", "1" * 16)),
        *(("whatsapp", raw) for raw in (None, -79991234567, "7999 1234567", "7٩٩٩1234567")),
        *(("viber", raw) for raw in ("", "abc", "=" * 8, "abcd\n", "ab cd", "a" * 65, None, 1234)),
    ],
)
def test_anything_else_is_refused_with_what_to_write(way: str, raw: Any) -> None:
    with pytest.raises(Invalid, match="write"):
        HANDLES[way](raw)


def test_every_messenger_has_a_rule() -> None:
    assert {
        "telegram": addresses.telegram,
        "whatsapp": addresses.whatsapp,
        "viber": addresses.viber,
    } == HANDLES
