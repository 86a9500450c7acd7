"""Templates in the schema (T1)."""

from datetime import datetime

import orjson
import strawberry
from bson import ObjectId

from graph import ids
from graph.auth import Needs
from graph.context import Info
from graph.enums import TemplateVariableType
from graph.errors import at_field
from graph.loaders import VersionsOf
from graph.node import Node
from graph.paging import PageInfo, page_info, page_size
from graph.scalars import JSON
from models import template as documents
from rules import template as rules
from rules import variable
from rules.roles import Permission
from services import template_lists, templates

SLUG_OR_ID = "A template's slug or id."


@strawberry.type(description="What a template says in one locale, in Jinja2.")
class TemplateVariant:
    """A variant as the schema has it."""

    locale: str = strawberry.field(description="A language tag of BCP 47, like de-AT.")
    subject: str
    text: str = strawberry.field(description="Empty where it is made of the HTML.")
    html: str = strawberry.field(description="Values in it are escaped; empty for text only.")

    @classmethod
    def of(cls, locale: str, variant: rules.Variant) -> "TemplateVariant":
        """The variant of a document."""
        return cls(locale=locale, subject=variant.subject, text=variant.text, html=variant.html)


@strawberry.type(description="A name that the context of a send gives a value.")
class TemplateVariable:
    """A variable as the schema has it."""

    name: str
    type: TemplateVariableType
    required: bool = strawberry.field(description="Whether it has no default.")
    default: JSON | None

    @classmethod
    def of(cls, said: variable.Variable) -> "TemplateVariable":
        """The variable of a document."""
        default = None if said.default is None else orjson.loads(said.default)
        return cls(name=said.name, type=said.type, required=said.required, default=default)


@strawberry.type(description="All that a template said at one time; it never changes.")
class TemplateVersion:
    """A version as the schema has it."""

    version: int
    title: str
    description: str
    default_locale: str
    variants: list[TemplateVariant]
    variables: list[TemplateVariable]
    by: str = strawberry.field(description="The subject of whoever made it.")
    at: datetime

    @classmethod
    def of(cls, version: documents.TemplateVersion) -> "TemplateVersion":
        """The version of a document."""
        return cls(
            version=version.version,
            title=version.title,
            description=version.description,
            default_locale=version.default_locale,
            variants=[TemplateVariant.of(*each) for each in version.variants.items()],
            variables=[TemplateVariable.of(each) for each in version.variables],
            by=version.by,
            at=version.at,
        )


@strawberry.type(description="What sends are filled from.")
class Template(Node):
    """A template as the schema has it."""

    slug: str = strawberry.field(description="The name that sends call it by; it never changes.")
    title: str
    description: str
    version: int = strawberry.field(description="Of the newest version, which sends take.")
    created_at: datetime
    updated_at: datetime
    key: strawberry.Private[ObjectId]

    @strawberry.field(description="What stands in for locales without a variant.")
    async def default_locale(self, info: Info) -> str:
        """Of the newest version."""
        return (await self._newest(info)).default_locale

    @strawberry.field(description="What it says, by locale.")
    async def variants(self, info: Info) -> list[TemplateVariant]:
        """Of the newest version."""
        found = (await self._newest(info)).variants
        return [TemplateVariant.of(*each) for each in found.items()]

    @strawberry.field(description="What a context may and must have.")
    async def variables(self, info: Info) -> list[TemplateVariable]:
        """Of the newest version."""
        return [TemplateVariable.of(each) for each in (await self._newest(info)).variables]

    @strawberry.field(description="The last versions, newest first, at most 100.")
    async def versions(self, info: Info, first: int = 20) -> list[TemplateVersion]:
        """What it said before."""
        found = await info.context.loaders.versions_of.load(VersionsOf(self.key, page_size(first)))
        return [TemplateVersion.of(each) for each in found]

    async def _newest(self, info: Info) -> documents.TemplateVersion:
        row_id = documents.version_id(self.key, self.version)
        return await info.context.loaders.template_versions.load(row_id)

    @classmethod
    def of(cls, template: documents.Template) -> "Template":
        """The template of a document."""
        assert template.id is not None
        return cls(
            id=strawberry.ID(ids.opaque("Template", template.id)),
            slug=template.slug,
            title=template.title,
            description=template.description,
            version=template.version,
            created_at=template.created_at,
            updated_at=template.updated_at,
            key=template.id,
        )


@strawberry.type(description="A template at its place in the list.")
class TemplateEdge:
    """Relay's edge."""

    cursor: str
    node: Template


@strawberry.type(description="Templates, newest first.")
class TemplateConnection:
    """Relay's connection."""

    edges: list[TemplateEdge]
    page_info: PageInfo
    search: strawberry.Private[str | None]

    @strawberry.field(description="The templates without their edges.")
    def nodes(self) -> list[Template]:
        """A short cut, as GitHub's API has it."""
        return [edge.node for edge in self.edges]

    @strawberry.field(description="All that match; counted only when asked for.")
    async def total_count(self) -> int:
        """The number behind the connection."""
        return await template_lists.count(self.search)


@strawberry.type
class TemplateQuery:
    """Queries about templates."""

    @strawberry.field(description="One template.", extensions=[Needs(Permission.READ_TEMPLATES)])
    async def template(self, template: str) -> Template | None:
        """A template by its slug or id."""
        found = await templates.find(template_key("template", template))
        return found and Template.of(found)

    @strawberry.field(
        description="All templates, or those with a text in their slug or title.",
        extensions=[Needs(Permission.READ_TEMPLATES)],
    )
    async def templates(
        self, first: int = 20, after: str | None = None, search: str | None = None
    ) -> TemplateConnection:
        """A page of templates."""
        place = None
        if after is not None:
            place = at_field("after", lambda raw: ids.object_id("Template", raw), after)
        page = await template_lists.page(search, first=page_size(first), after=place)
        nodes = [Template.of(each) for each in page.items]
        return TemplateConnection(
            edges=[TemplateEdge(cursor=node.id, node=node) for node in nodes],
            page_info=page_info(
                [node.id for node in nodes], has_next=page.has_next, has_previous=bool(after)
            ),
            search=search,
        )


def template_key(field: str, raw: str) -> str | ObjectId:
    """What names a template for the services; raises InvalidInput for the id of something else."""
    found: str | ObjectId = at_field(field, lambda said: ids.slug_or_id("Template", said), raw)
    return found
