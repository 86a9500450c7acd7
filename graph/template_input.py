"""What mutations and previews of templates take."""

from typing import Any

import strawberry

from graph.enums import TemplateVariableType
from graph.idempotency import key_field
from graph.kind import present
from graph.scalars import JSON
from graph.template import SLUG_OR_ID
from rules.variable import Type
from services.new_template import NewTemplate, NewVariable, NewVariant
from services.template_previews import Draft

DEFAULT_LOCALE = "What stands in for locales without a variant; it has one itself."
VARIANTS = "By locale: `de-AT` falls back to `de`, and that to the default locale."
VARIABLES = "All names that the variants use, but for `unsubscribeUrl`, which every template has."


@strawberry.input(description="What a template says in one locale, in Jinja2.")
class TemplateVariantInput:
    """A variant."""

    locale: str | None = strawberry.field(
        default=None, description="A language tag of BCP 47; null is the default locale."
    )
    subject: str = strawberry.field(description="One line of at most 200 characters once filled.")
    text: str = strawberry.field(default="", description="Up to 20,000 characters.")
    html: str = strawberry.field(
        default="",
        description="Up to 100,000 characters. Without a text, one is made of it.",
    )

    def said(self) -> NewVariant:
        """The same for the service."""
        return NewVariant(self.subject, self.text, self.html, self.locale)


@strawberry.input(description="A name that the context of a send gives a value.")
class TemplateVariableInput:
    """A variable."""

    name: str = strawberry.field(description="Up to 64 letters, digits and _, a letter first.")
    type: TemplateVariableType = strawberry.field(default=Type.TEXT, description="Checked.")
    default: JSON | None = strawberry.field(
        default=None, description="Null makes the variable required."
    )

    def said(self) -> NewVariable:
        """The same for the service."""
        return NewVariable(self.name, self.type, self.default)


@strawberry.input(description="A template to add.")
class CreateTemplateInput:
    """What createTemplate takes."""

    slug: str = strawberry.field(description="A lower-case letter, then up to 63 of a-z 0-9 _ . -")
    title: str = strawberry.field(description="One line for people.")
    description: str = ""
    default_locale: str = strawberry.field(default="en", description=DEFAULT_LOCALE)
    variants: list[TemplateVariantInput] = strawberry.field(description=VARIANTS)
    variables: list[TemplateVariableInput] = strawberry.field(
        default_factory=list, description=VARIABLES
    )
    idempotency_key: str | None = key_field()

    def said(self) -> NewTemplate:
        """The same for the service."""
        return NewTemplate(
            slug=self.slug,
            title=self.title,
            description=self.description,
            default_locale=self.default_locale,
            variants=tuple(each.said() for each in self.variants),
            variables=tuple(each.said() for each in self.variables),
        )


@strawberry.input(description="Changes to a template; what is absent stays as it is.")
class UpdateTemplateInput:
    """What updateTemplate takes."""

    template: str = strawberry.field(description=SLUG_OR_ID)
    version: int | None = strawberry.field(
        default=None,
        description="The version that you read: if there is a newer one, the change is a CONFLICT.",
    )
    title: strawberry.Maybe[str | None]
    description: strawberry.Maybe[str | None] = strawberry.field(description="Null clears it.")
    default_locale: strawberry.Maybe[str | None] = strawberry.field(description=DEFAULT_LOCALE)
    variants: strawberry.Maybe[list[TemplateVariantInput] | None] = strawberry.field(
        description="In place of all that there were."
    )
    variables: strawberry.Maybe[list[TemplateVariableInput] | None] = strawberry.field(
        description="In place of all that there were."
    )

    def said(self) -> dict[str, Any]:
        """The same for the service; raises InvalidInput."""
        names = ("title", "description", "default_locale", "variants", "variables")
        said = present(self, *names, nullable=("description",))
        if "description" in said:
            said["description"] = said["description"] or ""
        for name in {"variants", "variables"} & said.keys():
            said[name] = tuple(each.said() for each in said[name])
        return said


@strawberry.input(description="The template to delete.")
class DeleteTemplateInput:
    """What deleteTemplate takes."""

    template: str = strawberry.field(description=SLUG_OR_ID)


@strawberry.input(description="A template that is not kept yet.")
class TemplateDraftInput:
    """The parts of a template that matter for what it says."""

    default_locale: str = strawberry.field(default="en", description=DEFAULT_LOCALE)
    variants: list[TemplateVariantInput] = strawberry.field(description=VARIANTS)
    variables: list[TemplateVariableInput] = strawberry.field(
        default_factory=list, description=VARIABLES
    )

    def said(self) -> Draft:
        """The same for the service."""
        return Draft(
            variants=tuple(each.said() for each in self.variants),
            variables=tuple(each.said() for each in self.variables),
            default_locale=self.default_locale,
        )


@strawberry.input(description="A template, kept or not yet, and what to fill it with.")
class PreviewTemplateInput:
    """What previewTemplate takes."""

    template: str | None = strawberry.field(
        default=None, description=f"{SLUG_OR_ID} Or else give a draft."
    )
    version: int | None = strawberry.field(
        default=None, description="Of the stored template; null is the newest."
    )
    draft: TemplateDraftInput | None = strawberry.field(
        default=None, description="Or else name a template."
    )
    locale: str | None = strawberry.field(
        default=None, description="The recipient's; null is the template's default."
    )
    context: JSON | None = strawberry.field(
        default=None, description='A value for each variable, like {"name": "Ann"}.'
    )
