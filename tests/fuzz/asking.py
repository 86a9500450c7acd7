"""Makes the operations of a run: every field of every root type, as everyone, by every way."""

from collections.abc import Iterator
from random import Random

from graphql import build_schema

from tests.fuzz.bending import bend
from tests.fuzz.generating import SCHEMA, documents, operations
from tests.fuzz.house import ROLES, House
from tests.fuzz.known import Known
from tests.fuzz.sending import MODERN, Asked

TURNS = (*ROLES, "admin", "operator", "key", "admin")
"""Roles in turn: each comes up, and more often those who reach deep."""
WAYS = {
    "Query": {"post": 12, "get": 4, "socket": 3, "stream": 1},
    "Mutation": {"post": 15, "socket": 4, "stream": 1},
    "Subscription": {"socket": 14, "stream": 5, "post": 1},
}
"""How often each way is gone, of 20."""
LARGEST_PORTION = 20
"""Operations of one field, as which all are made up at once."""
_ACCEPT = (MODERN, MODERN, "application/json", "*/*")


class Asking:
    """What is asked, from one seed."""

    def __init__(self, house: House, seed: int) -> None:
        self._house = house
        self._seed = seed
        self._dice = Random(f"asking:{seed}")
        self._operations = operations()
        self._schema = build_schema(SCHEMA.read_text(encoding="utf-8"))

    def portions(self, count: int) -> Iterator[list[Asked]]:
        """At least so many operations, in portions that ask the same of every field.

        A portion is made when it is asked for, of what exists by then.
        """
        fields = len(self._operations)
        each = min(LARGEST_PORTION, max(len(ROLES), -(-count // fields)))
        for number in range(-(-count // (fields * each))):
            yield self._portion(each, f"{self._seed}:{number}")

    def _portion(self, each: int, seed: str) -> list[Asked]:
        known = Known(self._house, self._dice)
        asked = []
        for label, operation in self._operations.items():
            made = documents(operation, each, f"{seed}:{label}")
            self._dice.shuffle(made)
            asked += [
                self._asked(label, place, text, known, valid=valid)
                for place, (text, valid) in enumerate(made)
            ]
        self._dice.shuffle(asked)
        return asked

    def _asked(self, label: str, place: int, text: str, known: Known, *, valid: bool) -> Asked:
        ways = WAYS[label.partition(".")[0]]
        (way,) = self._dice.choices(list(ways), list(ways.values()))
        bent = bend(self._schema, text, known, self._dice, valid=valid)
        return Asked(label, TURNS[place % len(TURNS)], way, bent, self._dice.choice(_ACCEPT))
