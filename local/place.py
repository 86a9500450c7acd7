"""Where a server of ours runs: here on loopback, or somewhere that takes a command to get to."""

from typing import NamedTuple

from local.ports import LOOPBACK


class Place(NamedTuple):
    """An address to listen on, and the words that take a command to where that address is."""

    address: str = LOOPBACK
    way: tuple[str, ...] = ()
    """Such as `nsenter` with its options; empty for a command that is there already."""


HERE = Place()
