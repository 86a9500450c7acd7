"""Both kinds of network do what the acts rely on; namespaces only where the system allows them."""

import subprocess
import sys
from collections.abc import Sequence

import pytest

from tests.cluster.network import own_network

WAYS: dict[str, Sequence[str]] = {"loopback": ()}
if own_network():
    WAYS["namespaces"] = own_network()


@pytest.mark.parametrize("kind", WAYS)
def test_a_host_that_is_cut_off_is_silent_until_it_is_healed(kind: str) -> None:
    trial = [*WAYS[kind], sys.executable, "-m", "tests.cluster.trial", kind]
    done = subprocess.run(trial, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
