import pytest

from local.outside import Outside


@pytest.fixture
def outside() -> Outside:
    """All outside services, emulated."""
    return Outside()
