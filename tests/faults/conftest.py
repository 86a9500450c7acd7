"""One house for all tests of faults; each begins with nothing in it and no fault on."""

from collections.abc import AsyncIterator

import pytest

from tests.faults import building
from tests.faults.house import House


@pytest.fixture(scope="session")
async def standing(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house that stands as long as the tests run."""
    async with building.standing(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture
async def house(standing: House) -> AsyncIterator[House]:
    """The house, empty and whole. Its workers stay for the next test unless something is left."""
    # Documents are bound to one database at a time, and other tests have theirs.
    await building.ready(standing.parts)
    await standing.forget()
    yield standing
    await standing.heal()
    await standing.let_go()
