"""Templates of what is sent, and their versions (T1)."""

from datetime import datetime

from beanie import Document, PydanticObjectId
from pydantic import BaseModel, Field
from pymongo import ASCENDING, IndexModel

from rules.template import Variant
from rules.variable import Variable


class TemplateRef(BaseModel):
    """The version of a template that something was made from; it is kept when the template goes."""

    id: PydanticObjectId
    slug: str
    version: int


class Template(Document):
    """A template's head: what lists show, and which version sends take. The slug never changes."""

    slug: str
    title: str
    description: str = ""
    version: int = 1
    created_by: str
    created_at: datetime
    updated_at: datetime
    held_at: datetime | None = None
    """When something came to depend on it last: a deletion at that moment must lose."""

    class Settings:
        name = "templates"
        indexes = [  # noqa: RUF012 - Beanie reads a plain list
            IndexModel([("slug", ASCENDING)], unique=True, name="slug"),
        ]


class TemplateVersion(Document):
    """All that a template said at one time; a row that is never changed, nor deleted."""

    id: str  # type: ignore[assignment] # Beanie allows any type of id
    """`version_id` of the template and the number, so that no number is given twice."""
    template_id: PydanticObjectId
    slug: str
    version: int
    title: str
    description: str = ""
    default_locale: str
    variants: dict[str, Variant]
    variables: list[Variable] = Field(default_factory=list)
    by: str
    """The subject of who made it."""
    at: datetime

    @property
    def ref(self) -> TemplateRef:
        """What is kept with everything that is made from it."""
        return TemplateRef(id=self.template_id, slug=self.slug, version=self.version)

    class Settings:
        name = "template_versions"
        indexes = [  # noqa: RUF012 - Beanie reads a plain list
            IndexModel([("template_id", ASCENDING), ("version", ASCENDING)], name="of_template"),
        ]


def version_id(template_id: object, version: int) -> str:
    """The id of the row of one version."""
    return f"{template_id}:{version}"
