"""Contacts as a sender uses them, from the first name to what failed (C1 to C4)."""

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests import examples
from tests.journeys.conftest import MESSENGERS, House, at_work, eventually, moment

CREATE = """mutation ($input: CreateContactInput!) { createContact(input: $input) {
  contact { id name telegram whatsapp viber } errors { field code } } }"""
SEND = """mutation ($input: SendToContactsInput!) { sendToContacts(input: $input) {
  results { contact { name } messages { id channel address dueAt status } }
  errors { field code message } } }"""
FAILED = """query ($sender: String) { failedMessages(sender: $sender) { nodes {
  id sender text contact channel address dueAt status why attemptCount attempts { code answer } } } }"""
RETRY = """mutation ($ids: [ID!]!) {
  retryFailedMessages(input: {messageIds: $ids}) { count errors { field code } } }"""
MESSAGE = "query ($id: ID!) { message(id: $id) { status channel attempts { verdict code } } }"
ANN = {"name": "Ann", "telegram": "4711", "whatsapp": "79991234567", "viber": "01234567890A="}


async def taken(house: House, way: str) -> list[dict[str, Any]]:
    """What the emulator of a messenger has accepted."""
    url = f"http://127.0.0.1:{house.ports['outside']}/_ledger/{way}"
    async with house.http.get(url) as response:
        found: list[dict[str, Any]] = (await response.json())["entries"]
        return found


async def sender(house: House, document: str, **variables: Any) -> Any:
    (said,) = (await house.ask(document, role="sender", **variables)).values()
    return said


async def test_a_text_reaches_a_contact_everywhere_and_what_failed_is_tried_again(
    house: House,
) -> None:
    worker = house.worker()
    await at_work(worker)
    made = await sender(house, CREATE, input=ANN)
    assert made["contact"].items() >= ANN.items()
    due = moment(2)
    sent = await sender(
        house, SEND, input={"names": ["ann"], "text": "The bell rings!", "notBefore": due}
    )
    (result,) = sent["results"]
    assert {m["channel"] for m in result["messages"]} == {"TELEGRAM", "WHATSAPP", "VIBER"}
    assert {m["status"] for m in result["messages"]} == {"PENDING"}

    async def failed() -> Any:
        return (await sender(house, FAILED))["nodes"]

    (message,) = await eventually(failed)
    assert (
        message.items()
        >= {
            "text": "The bell rings!",
            "contact": "Ann",
            "channel": "VIBER",
            "address": ANN["viber"],
            "status": "UNDELIVERABLE",
            "attemptCount": 1,
        }.items()
    )
    (viber,) = (m for m in result["messages"] if m["channel"] == "VIBER")
    assert (message["id"], message["dueAt"]) == (viber["id"], viber["dueAt"])
    assert message["attempts"][0]["code"] == "200:6"
    for way in ("telegram", "whatsapp"):
        (entry,) = await eventually(lambda way=way: taken(house, way))  # type: ignore[misc]
        assert (entry["to"], entry["text"]) == (ANN[way], "The bell rings!")
        assert datetime.fromisoformat(entry["came"]) >= datetime.fromisoformat(viber["dueAt"])
    assert (await sender(house, RETRY, ids=[message["id"]]))["count"] == 1

    async def failed_again() -> Any:
        return [one for one in await failed() if one["attemptCount"] == 2]

    (again,) = await eventually(failed_again)
    assert again["dueAt"] == message["dueAt"]
    shown = await sender(house, MESSAGE, id=message["id"])
    assert [attempt["code"] for attempt in shown["attempts"]] == ["200:6", "200:6"]
    said = worker.log.read_text()
    assert not [secret for secret in MESSENGERS.values() if secret in said]


async def test_an_operator_sees_what_failed_of_a_sender_and_a_sender_not_of_another(
    house: House,
) -> None:
    assert (await house.ask(FAILED, role="operator", sender="nobody"))["failedMessages"] == {
        "nodes": []
    }
    with pytest.raises(Exception, match="READ_MAILINGS"):
        await sender(house, FAILED, sender="nobody")


async def test_the_program_of_the_documentation_works(house: House, tmp_path: Path) -> None:
    await at_work(house.worker())
    program = examples.python("contacts.md", tmp_path)
    url = f"http://127.0.0.1:{house.ports['api']}/graphql"
    (failed,) = await asyncio.to_thread(program.main, url, house.token("sender"), 0.5)
    assert (failed["channel"], failed["contact"]) == ("VIBER", "Ann")
    assert json.dumps(failed)
    with pytest.raises(RuntimeError, match="you have a contact"):
        await asyncio.to_thread(program.main, url, house.token("sender"))
