"""Sends at the front door: what a sender sees of those it writes to, and what it may not make fail."""

from typing import Any

import pytest

from tests.graph.conftest import Edge

CREATE_CLIENT = """mutation($input: CreateClientInput!) {
  createClient(input: $input) { client { id } } }"""
CREATE_TEMPLATE = """mutation($input: CreateTemplateInput!) {
  createTemplate(input: $input) { errors { message } } }"""
SEND = """mutation($input: SendInput!) { send(input: $input) {
  send { messages(first: 9) { nodes { id address attempts { address answer } } } }
  errors { field message code } } }"""
FAILED = """{ failedMessages { nodes { id address attempts { address answer } } } }"""
NAME = {"name": "name"}
WORDS = {"text": "Hello", "subject": "News"}


async def send(edge: Edge, role: str = "sender", **said: Any) -> Any:
    answer = await edge.ask(SEND, {"input": said}, role, f"{role} of sends")
    assert "errors" not in answer, answer
    return answer["data"]["send"]


async def template(edge: Edge, slug: str, **said: Any) -> None:
    usual = {"slug": slug, "title": "T", "variables": [NAME]}
    made = await edge.data(CREATE_TEMPLATE, {"input": {**usual, **said}})
    assert made["createTemplate"]["errors"] == []


async def test_a_sender_may_write_to_a_client_and_does_not_see_where(edge: Edge) -> None:
    new = {"phone": "79990007711", "email": "hidden@example.com"}
    client = (await edge.data(CREATE_CLIENT, {"input": new}))["createClient"]["client"]["id"]
    to = {"recipients": [{"clientId": client}]}
    made = await send(edge, to=to, words=WORDS, channels=["EMAIL"])
    (node,) = made["send"]["messages"]["nodes"]
    assert node["address"] == "***"
    row = edge.database["messages"].find_one({"address": "hidden@example.com"})
    assert row is not None
    edge.database["attempts"].insert_one(
        {
            "message_id": row["_id"],
            "number": 1,
            "channel": "email",
            "address": row["address"],
            "started_at": row["created_at"],
            "duration_ms": 1.0,
            "verdict": "undeliverable",
            "code": "550",
            "answer": "no mailbox hidden@example.com here",
            "worker": "w",
        }
    )
    ended = {"status": "undeliverable", "closed_at": row["created_at"]}
    edge.database["messages"].update_one({"_id": row["_id"]}, {"$set": ended})
    failed = (await edge.ask(FAILED, None, "sender", "sender of sends"))["data"]["failedMessages"]
    (attempt,) = failed["nodes"][0].pop("attempts")
    assert failed["nodes"] == [{"id": node["id"], "address": "***"}]
    assert attempt == {"address": "***", "answer": "no mailbox *** here"}
    for role, shown in (("sender", "***"), ("operator", "hidden@example.com")):
        seen = await edge.ask(
            "query($id: ID!) { message(id: $id) { address attempts { address } } }",
            {"id": node["id"]},
            role,
            "sender of sends",
        )
        assert seen["data"]["message"] == {"address": shown, "attempts": [{"address": shown}]}


async def test_an_address_that_a_sender_names_itself_is_shown(edge: Edge) -> None:
    made = await send(edge, to={"recipients": [{"phone": "79990007712"}]}, words=WORDS)
    assert made["send"]["messages"]["nodes"][0]["address"] == "79990007712"


@pytest.mark.parametrize(
    "said", [{"startAt": "9999-12-31T23:59:59Z"}, {"endAt": "9999-12-31T23:59:59Z"}]
)
async def test_a_time_at_the_end_of_all_times_is_refused(edge: Edge, said: dict[str, str]) -> None:
    to = {"recipients": [{"email": "ann@example.com"}]}
    answer = await send(edge, to=to, words=WORDS, **said)
    assert [one["field"] for one in answer["errors"]] == ["endAt"]


async def test_a_context_is_no_deeper_and_no_larger_than_data(edge: Edge) -> None:
    await template(
        edge,
        "deep",
        variants=[{"subject": "S", "text": "Hi"}],
        variables=[{"name": "o", "type": "OBJECT", "default": {}}],
    )
    deep: object = 1
    for _ in range(600):
        deep = {"a": deep}
    asked: dict[str, Any] = {"template": {"slug": "deep"}, "lane": "PERSONAL"}
    for context in ({"o": deep}, {"o": {"a": "x" * 20_000}}):
        for shared in (True, False):
            one: Any = {"email": "ann@example.com", **({} if shared else {"context": context})}
            whole: Any = {"context": context} if shared else {}
            answer = await send(edge, to={"recipients": [one]}, **asked, **whole)
            (error,) = answer["errors"]
            assert error["field"] == ("context" if shared else "to.recipients.0.context")


async def test_what_a_template_says_in_all_its_locales_fits_a_mailing(edge: Edge) -> None:
    locales = [f"{a}{b}" for a in "abcdefgh" for b in "abcdefg"][:50]
    long = "{% for i in range(90) %}{{ name }}{% endfor %}"
    variants = [{"locale": it, "subject": "S", "text": "T", "html": long} for it in locales]
    await template(edge, "long", variants=variants, defaultLocale=locales[0])
    said = {"template": {"slug": "long"}, "context": {"name": "\u044f" * 2_000}}
    answer = await send(edge, "operator", to={"all": "CLIENTS"}, **said)
    (error,) = answer["errors"]
    assert (error["field"], error["code"]) == ("context", "TOO_LONG")
