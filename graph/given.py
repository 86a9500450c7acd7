"""What was given in a field that may be left out."""

from typing import TypeVar

from strawberry import Some

Value = TypeVar("Value")


def given(said: Some[Value] | None) -> Value | None:
    """The value, or None where the field was left out."""
    return None if said is None else said.value
