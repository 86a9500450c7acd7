"""Relay's Node: anything with an opaque id can be fetched again by it."""

import strawberry


@strawberry.interface(description="An object with an id of its own.")
class Node:
    """Relay's Node interface."""

    id: strawberry.ID = strawberry.field(description="Opaque; pass it on unchanged.")
