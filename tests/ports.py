"""Ports for a whole stack, which no test beside this one uses."""

import random

from local.ports import claim, free_base

_BASES = range(15_000, 25_000, 20)
"""Below those of `free_port`; the next stack's after each base stay free, for advice to be true."""


def own_base() -> int:
    """A base port whose stack is the caller's own as long as this process lives."""
    while True:
        base = random.choice(_BASES)  # noqa: S311 - it need not be secret
        if claim(base) and free_base(base) == base:
            return base
