"""The idempotency key, as all creating mutations take it (X6)."""

from typing import Any

import strawberry


def key_field() -> Any:  # noqa: ANN401 - as strawberry.field has it
    """The field of an input."""
    return strawberry.field(
        default=None,
        description=(
            "1 to 255 characters of your own: repeats with this key and the same input get the "
            "first answer, for 24 hours; another input under it is a CONFLICT."
        ),
    )
