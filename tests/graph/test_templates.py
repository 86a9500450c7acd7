"""Templates through the schema (T1, T3)."""

from typing import Any

import pytest

from tests.graph.conftest import Edge

FIELDS = (
    "id slug title description version defaultLocale createdAt variants { locale subject text html } "
    "variables { name type required default } versions(first: 5) { version title by variants { text } }"
)
ERRORS = "errors { field code message }"
CREATE = f"""mutation ($input: CreateTemplateInput!) {{
  createTemplate(input: $input) {{ template {{ {FIELDS} }} {ERRORS} }} }}"""
UPDATE = f"""mutation ($input: UpdateTemplateInput!) {{
  updateTemplate(input: $input) {{ template {{ {FIELDS} }} {ERRORS} }} }}"""
DELETE = f"""mutation ($input: DeleteTemplateInput!) {{
  deleteTemplate(input: $input) {{ template {{ slug version }} {ERRORS} }} }}"""
ONE = f"query ($it: String!) {{ template(template: $it) {{ {FIELDS} }} }}"
PREVIEW = """query ($input: PreviewTemplateInput!) { previewTemplate(input: $input) {
  rendered { locale subject text html }
  errors { part message code line column variable locale } } }"""

VARIANT = {
    "subject": "Hello {{ name }}",
    "text": "Hi {{ name }}, {{ n }} bells",
    "html": "<p>Hi {{ name }}</p><a href='{{ unsubscribeUrl }}'>Leave</a>",
}
GERMAN = {"locale": "de", "subject": "Hallo {{ name }}", "text": "{{ n }} Glocken"}
VARIABLES = [{"name": "name"}, {"name": "n", "type": "NUMBER", "default": 3}]
DRAFT = {"variants": [VARIANT, GERMAN], "variables": VARIABLES}


@pytest.fixture
def slug(user_id: str) -> str:
    """A slug that no other test knows."""
    return f"t{user_id}"


async def create(edge: Edge, slug: str, **said: Any) -> Any:
    new = {"slug": slug, "title": "Welcome", **DRAFT, **said}
    return (await edge.data(CREATE, {"input": new}))["createTemplate"]


async def update(edge: Edge, slug: str, **said: Any) -> Any:
    return (await edge.data(UPDATE, {"input": {"template": slug, **said}}))["updateTemplate"]


async def preview(edge: Edge, **said: Any) -> Any:
    return (await edge.data(PREVIEW, {"input": said}))["previewTemplate"]


async def test_a_template_reads_back_as_it_was_said_by_slug_and_by_id(
    edge: Edge, slug: str
) -> None:
    made = await create(edge, slug)
    assert made["errors"] == []
    found = made["template"]
    assert (found["slug"], found["version"], found["defaultLocale"]) == (slug, 1, "en")
    assert found["variants"] == [{"locale": "en", **VARIANT}, {"html": "", **GERMAN}]
    assert found["variables"] == [
        {"name": "name", "type": "TEXT", "required": True, "default": None},
        {"name": "n", "type": "NUMBER", "required": False, "default": 3},
    ]
    for name in (slug, found["id"]):
        assert (await edge.data(ONE, {"it": name}))["template"] == found
    assert (await edge.data(ONE, {"it": "nothing"}))["template"] is None


async def test_an_update_changes_what_it_names_and_keeps_the_versions_before(
    edge: Edge, slug: str
) -> None:
    await create(edge, slug, description="For all")
    changed = (await update(edge, slug, variants=[{"subject": "S", "text": "Short"}], version=1))[
        "template"
    ]
    assert (changed["version"], changed["description"]) == (2, "For all")
    texts = [[it["text"] for it in each["variants"]] for each in changed["versions"]]
    assert texts == [["Short"], [VARIANT["text"], GERMAN["text"]]]
    cleared = await update(edge, slug, description=None)
    assert (cleared["template"]["description"], cleared["template"]["version"]) == ("", 3)
    refused = await update(edge, slug, title=None)
    assert [(it["field"], it["code"]) for it in refused["errors"]] == [("title", "BLANK")]
    late = await update(edge, slug, title="Late", version=1)
    assert [(it["field"], it["code"]) for it in late["errors"]] == [("version", "CONFLICT")]


async def test_mistakes_are_told_at_their_field_with_line_and_column(edge: Edge, slug: str) -> None:
    variant = {"subject": "S", "text": "Hi\n  {{ nmae }}", "html": "<p>{{ name</p>"}
    made = await create(edge, slug, variants=[variant])
    assert made["template"] is None
    told = {it["field"]: it["message"] for it in made["errors"]}
    assert (
        told["variants.0.text"] == "line 2, column 6: `nmae` is not declared; did you mean `name`?"
    )
    assert told["variants.0.html"].startswith("line 1, column ")


async def test_a_repeat_of_a_key_makes_no_second_template(edge: Edge, slug: str) -> None:
    first = await create(edge, slug, idempotencyKey=slug)
    assert await create(edge, slug, idempotencyKey=slug) == first
    (taken,) = (await create(edge, slug))["errors"]
    assert (taken["field"], taken["code"]) == ("slug", "TAKEN")


async def test_a_deleted_template_is_gone(edge: Edge, slug: str) -> None:
    await create(edge, slug)
    gone = (await edge.data(DELETE, {"input": {"template": slug}}))["deleteTemplate"]
    assert gone == {"template": {"slug": slug, "version": 1}, "errors": []}
    assert (await edge.data(ONE, {"it": slug}))["template"] is None
    (again,) = (await edge.data(DELETE, {"input": {"template": slug}}))["deleteTemplate"]["errors"]
    assert (again["field"], again["code"]) == ("template", "NOT_FOUND")


async def test_templates_are_listed_by_pages_and_searched(edge: Edge, slug: str) -> None:
    for letter in "abc":
        await create(edge, f"{slug}{letter}", title=f"Greeting {letter}")
    query = """query ($search: String, $after: String) {
      templates(first: 2, search: $search, after: $after) {
        totalCount pageInfo { hasNextPage endCursor } nodes { slug variants { locale } } } }"""
    page = (await edge.data(query, {"search": slug.upper()}))["templates"]
    assert page["totalCount"] == 3 and page["pageInfo"]["hasNextPage"]
    assert [it["slug"] for it in page["nodes"]] == [f"{slug}c", f"{slug}b"]
    assert page["nodes"][0]["variants"] == [{"locale": "en"}, {"locale": "de"}]
    after = page["pageInfo"]["endCursor"]
    rest = (await edge.data(query, {"search": slug, "after": after}))["templates"]
    assert [it["slug"] for it in rest["nodes"]] == [f"{slug}a"]


async def test_a_stored_template_is_previewed_at_any_version_and_locale(
    edge: Edge, slug: str
) -> None:
    await create(edge, slug)
    await update(edge, slug, variants=[{"subject": "S", "text": "Two, {{ name }}"}])
    context = {"name": "<Ann>"}
    first = await preview(edge, template=slug, version=1, context=context)
    assert first["errors"] == []
    assert first["rendered"] == {
        "locale": "en",
        "subject": "Hello <Ann>",
        "text": "Hi <Ann>, 3 bells",
        "html": "<p>Hi &lt;Ann&gt;</p><a href='https://example.com/unsubscribe'>Leave</a>",
    }
    german = await preview(edge, template=slug, version=1, locale="de-AT", context=context)
    assert german["rendered"]["locale"] == "de"
    newest = await preview(edge, template=slug, context=context)
    assert newest["rendered"]["text"] == "Two, <Ann>"


async def test_a_draft_is_previewed_with_nothing_stored(edge: Edge) -> None:
    found = await preview(edge, draft=DRAFT, locale="de", context={"name": "Ann", "n": 2})
    assert found["rendered"]["text"] == "2 Glocken"
    draft = {"variants": [{"subject": "S", "text": "one\n  {{ nmae }}"}], "variables": VARIABLES}
    (error,) = (await preview(edge, draft=draft, context={}))["errors"]
    assert error == {
        "part": "text",
        "message": "`nmae` is not declared; did you mean `name`?",
        "code": "INVALID",
        "line": 2,
        "column": 6,
        "variable": "nmae",
        "locale": "en",
    }


@pytest.mark.parametrize(
    ("said", "part", "variable"),
    [
        ({"draft": DRAFT}, "context", "name"),
        ({"draft": DRAFT, "context": {"name": 7}}, "context", "name"),
        ({"draft": DRAFT, "context": {"name": "A", "other": 1}}, "context", "other"),
        ({"draft": DRAFT, "context": []}, "context", None),
        ({"draft": DRAFT, "context": {"name": "x" * 20_000}}, "context", None),
        ({"draft": {"variants": []}}, "defaultLocale", None),
        ({"draft": {**DRAFT, "defaultLocale": "_"}}, "defaultLocale", None),
        ({"template": "nothing"}, "template", None),
        ({"template": "VGVtcGxhdGU6eA"}, "template", None),
        ({}, "template", None),
        ({"template": "a", "draft": DRAFT}, "template", None),
    ],
)
async def test_what_can_not_be_previewed_is_told(
    edge: Edge, said: dict[str, Any], part: str, variable: str | None
) -> None:
    found = await preview(edge, **said)
    assert found["rendered"] is None
    assert [(it["part"], it["variable"]) for it in found["errors"]] == [(part, variable)]
