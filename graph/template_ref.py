"""Which version of a template something was made from, in the schema."""

import strawberry

from graph import ids
from models import template as documents


@strawberry.type(description="The version of a template that something was made from.")
class TemplateRef:
    """It stays as it is when the template changes or goes."""

    id: strawberry.ID = strawberry.field(description="Of the template.")
    slug: str
    version: int

    @classmethod
    def of(cls, ref: documents.TemplateRef) -> "TemplateRef":
        """What a document refers to."""
        opaque = strawberry.ID(ids.opaque("Template", ref.id))
        return cls(id=opaque, slug=ref.slug, version=ref.version)
