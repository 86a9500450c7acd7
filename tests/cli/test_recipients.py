import pytest

from cli.recipients import recipient
from core.errors import Invalid


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("79161234567", {"phone": "79161234567"}),
        ("ada@example.com", {"email": "ada@example.com"}),
        ("email:ada@example.com", {"email": "ada@example.com"}),
        ("user:65f0c3a1b2c3d4e5f6a7b8c9", {"userId": "65f0c3a1b2c3d4e5f6a7b8c9"}),
        ("client:Q2xpZW50OjE", {"clientId": "Q2xpZW50OjE"}),
        ("Q2xpZW50OjE", {"clientId": "Q2xpZW50OjE"}),
    ],
)
def test_whom_a_word_means(said: str, meant: dict[str, str]) -> None:
    assert recipient(said) == meant


@pytest.mark.parametrize("said", ["", "fax:1"])
def test_what_means_nobody_is_refused_with_examples(said: str) -> None:
    with pytest.raises(Invalid, match="is nobody: say 7916"):
        recipient(said)
