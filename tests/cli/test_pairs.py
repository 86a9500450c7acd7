import pytest

from cli.pairs import pairs
from core.errors import Invalid


def test_pairs_are_text_json_and_whole_objects() -> None:
    said = ["name=Ada", "n:=3", 'deep:={"a": [1]}', '{"b": null}', "url=a=b", "empty="]
    expected = {"name": "Ada", "n": 3, "deep": {"a": [1]}, "b": None, "url": "a=b", "empty": ""}
    assert pairs("--data", said) == expected


def test_nothing_said_is_nothing() -> None:
    assert pairs("--data", None) is pairs("--data", []) is None


@pytest.mark.parametrize("said", ["name", "=a", ":=1", "n:=x", "{", "{]"])
def test_what_is_no_pair_is_refused_by_the_name_of_its_option(said: str) -> None:
    with pytest.raises(Invalid, match="--data"):
        pairs("--data", [said])
