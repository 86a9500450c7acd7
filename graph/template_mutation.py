"""Mutations of templates (T1)."""

import strawberry

from graph.auth import Needs
from graph.context import Info
from graph.errors import Answers, UserError
from graph.template import Template, template_key
from graph.template_input import CreateTemplateInput, DeleteTemplateInput, UpdateTemplateInput
from rules.roles import Permission
from services import templates


@strawberry.type(description="The template, or what was wrong.")
class TemplatePayload:
    """What mutations of templates answer."""

    template: Template | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class TemplateMutation:
    """Mutations of templates."""

    @strawberry.mutation(
        description="Add a template. Mistakes in it are told with their line and column.",
        extensions=[Needs(Permission.MANAGE_TEMPLATES), Answers(TemplatePayload)],
    )
    async def create_template(self, info: Info, input: CreateTemplateInput) -> TemplatePayload:
        """Add one."""
        caller = info.context.require(Permission.MANAGE_TEMPLATES).subject
        parts, key = info.context.parts, input.idempotency_key
        made = await templates.create(parts, caller, input.said(), key)
        return TemplatePayload(template=Template.of(made))

    @strawberry.mutation(
        description=(
            "Make a new version of a template, which sends take from now on; what was sent or is "
            "on its way keeps its own. Without a difference there is no new version."
        ),
        extensions=[Needs(Permission.MANAGE_TEMPLATES), Answers(TemplatePayload)],
    )
    async def update_template(self, info: Info, input: UpdateTemplateInput) -> TemplatePayload:
        """Change one."""
        caller = info.context.require(Permission.MANAGE_TEMPLATES).subject
        said, key = input.said(), template_key("template", input.template)
        changed = await templates.update(info.context.parts, caller, key, said, input.version)
        return TemplatePayload(template=Template.of(changed))

    @strawberry.mutation(
        description="Delete a template that nothing uses any more; what was sent of it stays.",
        extensions=[Needs(Permission.MANAGE_TEMPLATES), Answers(TemplatePayload)],
    )
    async def delete_template(self, info: Info, input: DeleteTemplateInput) -> TemplatePayload:
        """Delete one."""
        key = template_key("template", input.template)
        deleted = await templates.delete(info.context.parts, key)
        return TemplatePayload(template=Template.of(deleted))
