import pytest

from cli import server
from core.errors import Invalid


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("https://belfry.example.com/", "https://belfry.example.com"),
        ("https://example.com/belfry/graphql", "https://example.com/belfry"),
    ],
)
def test_an_address_is_taken_with_and_without_the_path_of_the_api(said: str, meant: str) -> None:
    assert server.address(said) == meant


@pytest.mark.parametrize("said", ["", "localhost:8000", "ftp://a", "http://", "http://[::1"])
def test_what_is_no_address_is_refused(said: str) -> None:
    with pytest.raises(Invalid, match="--url"):
        server.address(said)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://localhost", "http://[::1]:8000"])
def test_this_machine_is_known(url: str) -> None:
    assert server.is_loopback(url)


@pytest.mark.parametrize("url", ["http://10.0.0.1", "https://localhost.example.com"])
def test_other_machines_are_not_taken_for_this_one(url: str) -> None:
    assert not server.is_loopback(url)
