"""A short run of the fuzz; `make fuzz` is the long one, which also watches what grows."""

from pathlib import Path

from local.mongod import Mongod
from local.redis import Redis
from tests.fuzz.fuzz import Size, fuzz
from tests.fuzz.generating import operations
from tests.fuzz.house import ROLES
from tests.fuzz.judging import CLOSINGS, NEVER, STATUSES

SEED = 4
SHORT = Size(operations=1, sequences=100, requests=100)
"""One portion of operations: the least that asks every field as everyone."""


def test_nothing_that_is_asked_of_it_upsets_belfry(
    mongod: Mongod, redis_server: Redis, tmp_path: Path
) -> None:
    tally = fuzz(tmp_path, mongod, redis_server, SHORT, SEED)
    assert tally.findings == {}
    assert set(tally.tried) == {(field, role) for field in operations() for role in ROLES}


def test_the_pages_that_answers_are_judged_by_are_understood() -> None:
    assert STATUSES["TOO_LARGE"] == {413}
    assert STATUSES.keys() >= NEVER
    assert {1009, 4400, 4403} <= CLOSINGS
