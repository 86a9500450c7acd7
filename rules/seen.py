"""Which numbers were seen, and where last, in some 9 bytes each: a set takes ten times that."""

from array import array
from bisect import bisect_left

_SHARDS = 4_096
_PLACE_BITS = 30
MOST_PLACES = 1 << _PLACE_BITS
LARGEST = 1 << (64 - _PLACE_BITS)


class Seen:
    """Numbers below 2^34, each with the last place where it was seen, below 2^30."""

    def __init__(self) -> None:
        self._shards = [array("Q") for _ in range(_SHARDS)]

    def see(self, number: int, place: int) -> int | None:
        """Note it; the place where it was seen before, if it was."""
        shard = self._shards[number % _SHARDS]
        key = number << _PLACE_BITS
        at = bisect_left(shard, key)
        if at < len(shard) and shard[at] >> _PLACE_BITS == number:
            before = shard[at] - key
            shard[at] = key + place
            return before
        shard.insert(at, key + place)
        return None
