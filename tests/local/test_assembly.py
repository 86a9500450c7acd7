"""What `belfry up` gives its parts."""

from pathlib import Path

import pytest

from core.settings import load
from local.assembly import Assembly
from local.folder import Folder
from local.ports import Ports
from tests.ports import own_base


@pytest.mark.parametrize(("given", "expected"), [(0, {}), (9_100, {"METRICS_PORT": "9101"})])
def test_the_api_has_the_port_of_metrics_after_that_of_the_worker(
    tmp_path: Path, given: int, expected: dict[str, str]
) -> None:
    settings = load(_env_file=None, metrics_port=given)
    folder = Folder(tmp_path / "data")
    with folder.held():
        assembly = Assembly.of(folder, Ports(own_base()), settings)
    assert assembly._metrics_of_the_api() == expected
