"""`belfry templates`: what sends are filled from."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli import template_files
from cli.command import Call, command
from cli.options import After, First, given
from cli.pairs import pairs
from cli.server import Refused

app = typer.Typer(help="Templates of what is sent.", no_args_is_help=True)

_TEMPLATE = "id slug title description version updatedAt"
_WORDS = """defaultLocale
    variants { locale subject text html }
    variables { name type required default }"""
LIST = f"""query Templates($first: Int!, $after: String, $search: String) {{
  templates(first: $first, after: $after, search: $search) {{
    totalCount nodes {{ {_TEMPLATE} }} pageInfo {{ hasNextPage endCursor }}
  }}
}}"""
SHOW = f"""query Template($template: String!) {{
  template(template: $template) {{
    {_TEMPLATE} createdAt {_WORDS}
  }}
}}"""
VERSION = "query TemplateVersion($template: String!) { template(template: $template) { version } }"
CREATE = f"""mutation CreateTemplate($input: CreateTemplateInput!) {{
  createTemplate(input: $input) {{ template {{ {_TEMPLATE} }} errors {{ field message code }} }}
}}"""
UPDATE = f"""mutation UpdateTemplate($input: UpdateTemplateInput!) {{
  updateTemplate(input: $input) {{ template {{ {_TEMPLATE} }} errors {{ field message code }} }}
}}"""
DELETE = f"""mutation DeleteTemplate($input: DeleteTemplateInput!) {{
  deleteTemplate(input: $input) {{ template {{ {_TEMPLATE} }} errors {{ field message code }} }}
}}"""
PREVIEW = """query PreviewTemplate($input: PreviewTemplateInput!) {
  previewTemplate(input: $input) {
    rendered { locale subject text html }
    errors { part message code line column variable locale }
  }
}"""

COLUMNS = {"slug": "slug", "version": "version", "title": "title", "changed": "updatedAt"}
FIELDS = {**COLUMNS, "id": "id", "description": "description", "default locale": "defaultLocale"}
VARIABLE = {"variable": "name", "type": "type", "required": "required", "default": "default"}
VARIANT = {"locale": "locale", "subject": "subject", "text": "text", "html": "html"}

Slug = Annotated[str, typer.Argument(metavar="SLUG", help="Or the id.")]


@command(app, "list")
async def listed(
    call: Call,
    search: Annotated[str | None, typer.Option(help="In slugs and titles.")] = None,
    first: First = 20,
    after: After = None,
) -> None:
    """Templates, the newest first."""
    call.screen.page(await call.ask(LIST, first=first, after=after, search=search), COLUMNS)


@command(app, "show")
async def show(call: Call, slug: Slug) -> None:
    """One template, with its variables and what it says in each locale."""
    found = await call.ask(SHOW, template=slug)
    if found is None:
        raise Refused("template: there is no such template; `belfry templates list` shows them")
    call.screen.one(found, FIELDS)
    if not call.screen.as_json:
        call.screen.rows(found["variables"], VARIABLE)
        call.screen.rows(found["variants"], VARIANT)


@command(app, "put")
async def put(
    call: Call,
    path: Annotated[
        Path, typer.Argument(metavar="PATH", exists=True, help="A file, or a folder of them.")
    ],
) -> None:
    """Create the template of a file, or make a new version of it; without a difference, none."""
    found = template_files.templates(path)
    call.screen.rows([await _put(call, each) for each in found], COLUMNS)


@command(app, "preview")
async def preview(
    call: Call,
    slug: Slug,
    context: Annotated[
        list[str] | None, typer.Option(help="name=text, name:=JSON or {...}; repeat.")
    ] = None,
    locale: Annotated[str | None, typer.Option(help="Of the recipient, as de-AT.")] = None,
    version: Annotated[int | None, typer.Option(help="Else the newest.")] = None,
) -> None:
    """What a template says with a context, or what is wrong, with line and column."""
    said = given(template=slug, version=version, locale=locale, context=pairs("--context", context))
    found = await call.ask(PREVIEW, input=said)
    call.screen.one(found["rendered"], VARIANT)


@command(app, "delete")
async def delete(call: Call, slug: Slug) -> None:
    """Delete a template that nothing uses any more."""
    call.screen.one((await call.ask(DELETE, input={"template": slug}))["template"], FIELDS)


async def _put(call: Call, said: dict[str, Any]) -> dict[str, Any]:
    """Create it or change it; who changed it in between is not overwritten."""
    found = await call.ask(VERSION, template=said["slug"])
    if found is None:
        made = await call.ask(CREATE, input=said)
    else:
        changes = {name: value for name, value in said.items() if name != "slug"}
        changes |= {"template": said["slug"], "version": found["version"]}
        made = await call.ask(UPDATE, input=changes)
    written: dict[str, Any] = made["template"]
    return written
