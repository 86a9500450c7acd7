"""The garbage collector, set for a process that has loaded all its code and now only serves."""

import gc

THRESHOLDS = (20_000, 20, 20)
"""A request makes some thousand objects, which the usual 700 would go through while it waits."""


def settle() -> None:
    """Leave what was loaded out of every later collection, and collect seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)


def leave() -> None:
    """Collect what is left while the interpreter still stands.

    Coroutines of cancelled work that wait in circles of garbage would else be torn down with it,
    and each would complain on its own, outside of the log.
    """
    gc.collect()
