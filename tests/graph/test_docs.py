"""Every operation in the documentation is executed, and answered with what stands below it."""

import asyncio
import json
import os
import re
import sys
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId
from graphql import OperationType

from core.settings import load
from graph.prepared import prepare
from graph.schema import schema
from tests.docs import blocks
from tests.docs.blocks import Block
from tests.graph.conftest import Edge, hear, token

STAFF = "5f0c3a1b2c3d4e5f6a7b8c99"
"""Who asks, by the answers that the pages show."""
OPERATIONS = blocks.of("graphql")
RUN_ELSEWHERE = {"docs/from-rest.md"}
"""By tests/journeys/test_from_rest.py, with the old call and the command beside it."""
PAGES = {
    page: [*found]
    for page, found in groupby(OPERATIONS, key=lambda block: block.page)
    if page not in RUN_ELSEWHERE
}
ANSWERS = blocks.answers("graphql", "json")
CLIENT = re.compile(r"\bQ2xpZW50\w*")
"""Ids of clients, as examples show them."""
SAID = blocks.answers("sh", "text output")
BELOW = """mutation ($now: DateTime!, $end: DateTime!, $phone: String!) {
  createClient(input: {phone: $phone, email: "bo@example.com"}) { client { id } }
  createTemplate(input: {slug: "order", title: "Order", variables: [{name: "name"}, {name: "shop"}],
    variants: [{subject: "Order", text: "{{ name }}, {{ shop }} thanks you."}]}) { template { slug } }
  createMailing(input: {name: "News", text: "Hello", startAt: $now, endAt: $end,
    audience: {all: true}}) { mailing { id } }
}"""


@pytest.fixture
async def world(edge: Edge) -> dict[str, str]:
    """What the pages take for granted: their variables and clients, as they are here."""
    phone = f"79{int(ObjectId().binary[-4:].hex(), 16) % 10**9:09}"
    moments = {"now": "2026-01-01T00:00:00Z", "end": "2036-01-01T00:00:00Z"}
    made = await edge.data(BELOW, {**moments, "phone": phone})
    return {
        "id": made["createMailing"]["mailing"]["id"],
        "client": made["createClient"]["client"]["id"],
    }


@pytest.mark.parametrize("block", OPERATIONS, ids=str)
def test_an_operation_is_valid_and_within_the_limits(block: Block) -> None:
    prepared = prepare(schema._schema, block.text, load(_env_file=None), suggest=True)
    for name in prepared.operations:
        if name is not None or len(prepared.operations) == 1:
            assert prepared.cost(name, given(block, {})) <= load(_env_file=None).max_cost


@pytest.mark.parametrize("page", PAGES)
async def test_the_operations_of_a_page_do_what_it_says(
    edge: Edge, world: dict[str, str], page: str
) -> None:
    for block in PAGES[page]:
        text, variables = CLIENT.sub(world["client"], block.text), given(block, world)
        if is_subscription(block):
            answer = await first_event(edge, text, variables)
        else:
            answer = await edge.ask(text, variables, subject=STAFF)
        if told := ANSWERS.get(block):
            wanted = json.loads(told)
            assert blocks.like(wanted, answer if "data" in wanted else answer["data"]), answer
        else:
            assert "errors" not in answer, answer
            payloads = [it for it in answer["data"].values() if isinstance(it, dict)]
            assert [it["errors"] for it in payloads if it.get("errors")] == []


@pytest.mark.parametrize("block", SAID, ids=str)
async def test_a_command_says_what_stands_below_it(
    edge: Edge, block: Block, tmp_path: Path
) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    admin = token("admin", STAFF)
    own = {"BELFRY_URL": edge.address, "BELFRY_TOKEN": admin, "TOKEN": admin, "PATH": path}
    script = block.text.replace("http://127.0.0.1:8000", edge.address)
    process = await asyncio.create_subprocess_exec(
        *("bash", "-eu", "-o", "pipefail", "-c", script),
        cwd=tmp_path,
        env={**os.environ, **own},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert blocks.like(SAID[block].strip(), said.decode().strip()), said.decode()


def is_subscription(block: Block) -> bool:
    """Whether it goes over a socket."""
    document = prepare(schema._schema, block.text, load(_env_file=None), suggest=True)
    (operation,) = document.operations.values()
    return operation.operation is OperationType.SUBSCRIPTION


async def first_event(edge: Edge, text: str, variables: dict[str, Any]) -> Any:
    """Where a subscription begins; all of ours say at once that they listen, or how it stands."""
    async with edge.socket(bearer=token("admin", STAFF)) as line:
        payload = {"query": text, "variables": variables}
        await line.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        said = await hear(line)
        assert said["type"] == "next", said
        return said["payload"]


def given(block: Block, world: dict[str, str]) -> dict[str, Any]:
    """The variables: those that a comment tells (`# with {"n": 50}`), else those of the world."""
    told = re.search(r"# with (\{.*\})", block.text)
    return (
        json.loads(told[1])
        if told
        else {name: world[name] for name in world if "$" + name in block.text}
    )
