"""What a template would say, in the schema (X5)."""

import strawberry

from core.errors import InvalidInput
from graph.auth import Needs
from graph.enums import ErrorCode
from graph.errors import Answers, UserError
from graph.template import template_key
from graph.template_input import PreviewTemplateInput
from rules import template as rules
from rules.roles import Permission
from services import template_previews
from services.template_previews import Preview

EXAMPLE = "https://example.com/unsubscribe"
"""What previews show for the recipient's own link."""


@strawberry.type(description="A template filled for one recipient.")
class RenderedTemplate:
    """The words of a template."""

    locale: str = strawberry.field(description="The one that was found for the recipient's.")
    subject: str
    text: str
    html: str = strawberry.field(description="Empty where there is only a text.")

    @classmethod
    def of(cls, words: rules.Words) -> "RenderedTemplate":
        """The words of a rule, with an example of a link."""
        return cls(
            locale=words.locale,
            subject=words.subject,
            text=rules.linked(words.text, EXAMPLE),
            html=rules.linked(words.html, EXAMPLE, html=True),
        )


@strawberry.type(description="A mistake in a template or in the context.")
class TemplateError:
    """A flaw as the schema has it."""

    part: str = strawberry.field(
        description="subject, text, html or context; else the path of a field of the input."
    )
    message: str = strawberry.field(description="What is wrong, and what to do.")
    code: ErrorCode = strawberry.field(description="The same for programs; stable.")
    line: int | None = strawberry.field(description="Counts from 1; null if it is at none.")
    column: int | None = strawberry.field(description="Counts from 1; null if it is not known.")
    variable: str | None = strawberry.field(description="The variable that it is about.")
    locale: str | None = strawberry.field(description="The variant that it is in.")

    @classmethod
    def of(cls, flaw: rules.Flaw) -> "TemplateError":
        """The flaw of a rule."""
        return cls(
            part=flaw.part,
            message=flaw.message,
            code=flaw.code,
            line=flaw.line,
            column=flaw.column,
            variable=flaw.variable,
            locale=flaw.locale,
        )


@strawberry.type(description="What a recipient would get, or all that is wrong.")
class TemplatePreview:
    """What previewTemplate answers."""

    rendered: RenderedTemplate | None
    errors: list[TemplateError]

    @classmethod
    def of(cls, found: Preview) -> "TemplatePreview":
        """The preview of a service's answer."""
        return cls(
            rendered=None if found.words is None else RenderedTemplate.of(found.words),
            errors=[TemplateError.of(flaw) for flaw in found.flaws],
        )

    @classmethod
    def refused(cls, errors: list[UserError]) -> "TemplatePreview":
        """The answer to an input that names nothing to preview."""
        flaws = [rules.Flaw(each.field, each.message, code=each.code) for each in errors]
        return cls(rendered=None, errors=[TemplateError.of(flaw) for flaw in flaws])


@strawberry.type
class TemplatePreviewQuery:
    """Looking ahead."""

    @strawberry.field(
        description=(
            "What a template would say; nothing is written. The recipient's link to unsubscribe is "
            f"shown as {EXAMPLE}."
        ),
        extensions=[Needs(Permission.READ_TEMPLATES), Answers(TemplatePreview.refused)],
    )
    async def preview_template(self, input: PreviewTemplateInput) -> TemplatePreview:
        """Fill a template."""
        if (input.template is None) == (input.draft is None):
            raise InvalidInput.at("template", "give either template or draft, not both")
        if input.draft is not None:
            found = await template_previews.of_draft(
                input.draft.said(), input.locale, input.context
            )
        else:
            key = template_key("template", input.template or "")
            found = await template_previews.of_stored(
                key, input.version, input.locale, input.context
            )
        return TemplatePreview.of(found)
