"""Kinds of notification through the schema: what a kind says of itself is what was said of it."""

from typing import Any

import pytest

from tests.graph.conftest import Edge

ANSWER = "{ kind { emailIfUnreadAfter inApp email title template } errors { field code message } }"
CREATE = f"mutation ($input: CreateKindInput!) {{ createKind(input: $input) {ANSWER} }}"
UPDATE = f"mutation ($input: UpdateKindInput!) {{ updateKind(input: $input) {ANSWER} }}"
WEEK = 7 * 24 * 3600


async def create(edge: Edge, key: str, **said: Any) -> Any:
    kind = {"key": key, "inApp": True, "email": True, **said}
    return (await edge.data(CREATE, {"input": kind}))["createKind"]


async def update(edge: Edge, key: str, **said: Any) -> Any:
    return (await edge.data(UPDATE, {"input": {"key": key, **said}}))["updateKind"]


@pytest.fixture
def key(user_id: str) -> str:
    """A key that no other test knows."""
    return f"k{user_id}"


async def test_an_e_mail_leaves_at_once_unless_its_kind_says_otherwise(
    edge: Edge, key: str
) -> None:
    made = await create(edge, key)
    assert (made["kind"]["emailIfUnreadAfter"], made["errors"]) == (None, [])
    kinds = (await edge.data("{ kinds { builtIn emailIfUnreadAfter } }"))["kinds"]
    assert {kind["emailIfUnreadAfter"] for kind in kinds if kind["builtIn"]} == {None}


async def test_a_wait_is_set_kept_by_other_changes_and_taken_back_by_null(
    edge: Edge, key: str
) -> None:
    made = await create(edge, key, emailIfUnreadAfter=WEEK)
    assert made["kind"]["emailIfUnreadAfter"] == WEEK
    other = await update(edge, key, title="Unread")
    assert (other["kind"]["emailIfUnreadAfter"], other["kind"]["title"]) == (WEEK, "Unread")
    assert (await update(edge, key, emailIfUnreadAfter=5))["kind"]["emailIfUnreadAfter"] == 5
    assert (await update(edge, key, emailIfUnreadAfter=None))["kind"]["emailIfUnreadAfter"] is None


@pytest.mark.parametrize(
    "said",
    [
        {"emailIfUnreadAfter": 0},
        {"emailIfUnreadAfter": WEEK + 1},
        {"emailIfUnreadAfter": 60, "inApp": False},
        {"emailIfUnreadAfter": 60, "email": False},
    ],
)
async def test_a_wait_that_can_not_be_is_refused_by_its_field(
    edge: Edge, key: str, said: dict[str, Any]
) -> None:
    refused = await create(edge, key, **said)
    assert refused["kind"] is None
    (error,) = refused["errors"]
    assert (error["field"], error["code"]) == ("emailIfUnreadAfter", "INVALID")
    await create(edge, key)
    assert (await update(edge, key, **said))["errors"] == [error]


async def test_the_refusal_says_what_to_do(edge: Edge, key: str) -> None:
    (error,) = (await create(edge, key, inApp=False, emailIfUnreadAfter=60))["errors"]
    assert error["message"] == (
        "an e-mail can wait for a notification only if the kind stores one: set inApp"
    )


async def test_a_kind_names_a_template_until_it_lets_go_of_it(edge: Edge, key: str) -> None:
    template = """mutation ($slug: String!) { createTemplate(input: {slug: $slug, title: "T",
      variants: [{subject: "S", text: "x"}]}) { errors { message } } }"""
    await edge.data(template, {"slug": key})
    made = await create(edge, key, template=key)
    assert (made["kind"]["template"], made["errors"]) == (key, [])
    assert (await update(edge, key, title="Other"))["kind"]["template"] == key
    assert (await update(edge, key, template=None))["kind"]["template"] is None
    (error,) = (await update(edge, key, template="nothing"))["errors"]
    assert (error["field"], error["code"]) == ("template", "NOT_FOUND")
