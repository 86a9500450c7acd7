import re
import secrets

import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from rules import api_key

RANDOM = st.binary(min_size=api_key.RANDOM_BYTES, max_size=api_key.RANDOM_BYTES)
IDS = st.binary(min_size=12, max_size=12).map(ObjectId)


@given(IDS, RANDOM)
def test_a_secret_is_read_as_it_was_written(key_id: ObjectId, random: bytes) -> None:
    secret = api_key.write(key_id, random)
    assert api_key.read(secret) == key_id
    assert re.fullmatch(f"bk_{key_id}_[0-9A-Za-z]{{49}}", secret)


@given(IDS, RANDOM, RANDOM)
def test_other_random_bits_make_another_secret(key_id: ObjectId, one: bytes, two: bytes) -> None:
    same = api_key.write(key_id, one) == api_key.write(key_id, two)
    assert same is (one == two)


@given(st.integers(0, 76), st.characters(codec="ascii"))
def test_a_slip_in_one_character_is_noticed(place: int, slip: str) -> None:
    secret = api_key.write(ObjectId("5f0c3a1b2c3d4e5f6a7b8c90"), bytes(range(32)))
    wrong = secret[:place] + slip + secret[place + 1 :]
    assert (api_key.read(wrong) is None) is (wrong != secret)


@given(st.text())
def test_garbage_is_no_secret(garbage: str) -> None:
    assert api_key.read(garbage) is None
    assert api_key.read(api_key.PREFIX + garbage) is None


@pytest.mark.parametrize("around", [" {}", "{} ", "{}\n", "{}x", "x{}", "{0}{0}"])
def test_a_secret_stands_alone(around: str) -> None:
    secret = api_key.write(ObjectId(), secrets.token_bytes(32))
    assert api_key.read(around.format(secret)) is None


def test_a_digest_is_that_of_the_whole_secret() -> None:
    one, two = (api_key.write(ObjectId(), bytes(32)) for _ in range(2))
    assert api_key.digest(one) != api_key.digest(two)
    assert len(api_key.digest(one)) == 32
