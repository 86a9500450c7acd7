"""What is to be said, as mutations take it."""

from typing import cast

import strawberry
from bson import ObjectId
from strawberry.scalars import JSON

from core.errors import InvalidInput
from graph import ids
from graph.errors import at_field
from services import content
from services.wording import Chosen

CONTEXT = 'The values of the template\'s variables: a JSON object, like {"name": "Ann"}.'


@strawberry.input(description="Which template: by `slug` or `id`.")
class ChooseTemplateInput:
    """A template and its version."""

    slug: str | None = None
    id: strawberry.ID | None = None
    version: int | None = strawberry.field(
        default=None, description="Without one, the newest; what is sent keeps it."
    )

    def said(self, context: object, field: str = "template") -> Chosen:
        """The same for the service; raises InvalidInput."""
        return Chosen(self._key(field), self.version, at_field("context", context_of, context))

    def _key(self, field: str) -> str | ObjectId:
        if (self.slug is None) == (self.id is None):
            raise InvalidInput.at(field, "give either slug or id, not both")
        if self.id is not None:
            key: ObjectId = at_field(
                f"{field}.id", lambda raw: ids.object_id("Template", raw), self.id
            )
            return key
        return self.slug or ""


def chosen(template: ChooseTemplateInput | None, context: object) -> Chosen | None:
    """The template and what fills it, or None; raises InvalidInput."""
    if template is None and context is not None:
        raise InvalidInput.at("context", "fills a template; name one, or leave it out")
    return None if template is None else template.said(context)


def context_of(said: object) -> dict[str, object]:
    """A context, empty where none was given; raises Invalid on any other JSON, or much of it."""
    content.packed(said)
    return cast(dict[str, object], said or {})


__all__ = ["CONTEXT", "JSON", "ChooseTemplateInput", "chosen", "context_of"]
