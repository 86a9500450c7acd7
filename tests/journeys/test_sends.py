"""Sends from the outside: to one, to a list, to a group, to all (T2, T3, T4, T5, T7)."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests import examples
from tests.journeys.conftest import House, at_work, eventually

TEMPLATE = """mutation { createTemplate(input: {slug: "order", title: "Order",
  variables: [{name: "name"}, {name: "shop", default: "Belfry"}],
  variants: [
    {subject: "Your order", text: "{{ name }}, {{ shop }} has it.", html: "<p>{{ name }}</p>"}
    {locale: "de", subject: "Deine Bestellung", text: "{{ name }}, {{ shop }} hat sie."}
  ]}) { errors { field message } } }"""
SEND = """mutation ($input: SendInput!) {
  send(input: $input) { send { id lane status } errors { field message code } } }"""
SHOW = """query ($id: ID!) { send(id: $id) {
  status template { slug version } to { recipients group all }
  statistics { total sent pending cancelled }
  messages(first: 100) { nodes { address status channel } } } }"""
ADD = """mutation ($clients: [CreateClientInput!]!) {
  createClients(input: {clients: $clients}) { results { client { id } errors { message } } } }"""
GROUP = 'mutation { createGroup(input: {name: "staff"}) { errors { message } } }'
JOIN = """mutation ($members: [MemberInput!]!) {
  addToGroup(input: {group: "staff", members: $members}) { results { errors { message } } } }"""
CONTEXT = {"name": "Ann"}


async def clients(house: House, *said: dict[str, Any]) -> list[str]:
    added = (await house.ask(ADD, clients=said))["createClients"]["results"]
    assert all(not one["errors"] for one in added)
    return [one["client"]["id"] for one in added]


async def send(house: House, role: str = "admin", **said: Any) -> str:
    answer = (await house.ask(SEND, role, input=said))["send"]
    assert answer["errors"] == []
    found: str = answer["send"]["id"]
    return found


async def sent(house: House, send_id: str) -> dict[str, Any]:
    """The send once it is over."""

    async def over() -> Any:
        shown = (await house.ask(SHOW, id=send_id))["send"]
        return shown if shown["status"] == "FINISHED" else None

    found: dict[str, Any] = await eventually(over)
    return found


async def said_to(house: House, address: str) -> list[str]:
    return [str(mail) for mail in await house.mails(address)]


@pytest.fixture
async def template(house: House) -> None:
    answer = await house.ask(TEMPLATE)
    assert answer["createTemplate"]["errors"] == []


@pytest.mark.usefixtures("template")
async def test_a_service_sends_to_one_and_follows_it(house: House) -> None:
    """T2 personal, T4: the answer is there at once, and what a sender sent it can follow."""
    to = {"recipients": [{"email": "ann@example.com", "context": CONTEXT}]}
    send_id = await send(house, "sender", template={"slug": "order"}, to=to, idempotencyKey="k")
    again = await send(house, "sender", template={"slug": "order"}, to=to, idempotencyKey="k")
    assert again == send_id
    shown = (await house.ask(SHOW, "sender", id=send_id))["send"]
    assert (shown["status"], shown["statistics"]["pending"]) == ("RUNNING", 1)
    assert shown["template"] == {"slug": "order", "version": 1}
    house.worker()
    assert (await sent(house, send_id))["statistics"]["sent"] == 1
    (mail,) = await said_to(house, "ann@example.com")
    assert "Ann, Belfry has it." in mail


@pytest.mark.usefixtures("template")
async def test_a_missing_variable_refuses_all_before_anything_is_sent(house: House) -> None:
    """T3."""
    recipients = [{"email": "a@example.com", "context": CONTEXT}, {"email": "b@example.com"}]
    said = {"template": {"slug": "order"}, "to": {"recipients": recipients}}
    answer = (await house.ask(SEND, input=said))["send"]
    assert answer["send"] is None
    ((field, code),) = [(one["field"], one["code"]) for one in answer["errors"]]
    assert (field, code) == ("to.recipients.1.context.name", "INVALID")
    listed = await house.ask("{ sends { totalCount } }")
    assert listed["sends"]["totalCount"] == 0


@pytest.mark.usefixtures("template")
async def test_an_operator_sends_to_a_group_and_to_all_each_in_its_language(house: House) -> None:
    """T2 group and all, T5."""
    await house.ask(GROUP)
    ids = await clients(
        house,
        {"phone": "79000000001", "email": "one@example.com", "locale": "de-AT"},
        {"phone": "79000000002", "email": "two@example.com"},
    )
    await house.ask(JOIN, members=[{"clientId": ids[0]}])
    house.worker()
    said = {"template": {"slug": "order"}, "context": CONTEXT, "channels": ["EMAIL"]}
    shown = await sent(house, await send(house, "operator", to={"group": "staff"}, **said))
    assert (shown["to"]["group"], shown["statistics"]["sent"]) == ("staff", 1)
    (german,) = await said_to(house, "one@example.com")
    assert "hat sie" in german
    shown = await sent(house, await send(house, "operator", to={"all": "CLIENTS"}, **said))
    assert {node["address"] for node in shown["messages"]["nodes"]} == {
        "one@example.com",
        "two@example.com",
    }
    (english,) = await said_to(house, "two@example.com")
    assert "has it" in english
    log = await house.ask('{ auditLog(filter: {action: "send"}) { nodes { outcome } } }')
    assert [one["outcome"] for one in log["auditLog"]["nodes"]] == ["DONE", "DONE"]


async def test_senders_may_not_send_to_a_group_nor_see_what_others_send(house: House) -> None:
    words = {"text": "Hello"}
    with pytest.raises(Exception, match="MANAGE_MAILINGS"):
        await house.ask(SEND, "sender", input={"words": words, "to": {"all": "CLIENTS"}})
    one = {"recipients": [{"email": "a@example.com"}]}
    send_id = await send(house, "sender", words=words, to=one)
    assert (await house.ask(SHOW, "sender", id=send_id))["send"] is not None
    other = house.token("sender", "somebody else")
    async with house.http.post(
        f"http://127.0.0.1:{house.ports['api']}/graphql",
        json={"query": SHOW, "variables": {"id": send_id}},
        headers={"Authorization": f"Bearer {other}"},
    ) as response:
        assert (await response.json())["data"] == {"send": None}


async def test_a_long_list_in_bulk_delays_no_personal_message(house: House) -> None:
    """T7: while a provider that takes its time works off a list, one message goes ahead of it."""
    await house.faults(latency_seconds=0.3)
    await at_work(house.worker())
    many = [{"phone": f"7{9_100_000_000 + number}"} for number in range(1_000)]
    bulk = await send(house, words={"text": "Sale"}, lane="BULK", to={"recipients": many})

    async def begun() -> bool:
        return bool((await house.ask(SHOW, id=bulk))["send"]["statistics"]["sent"])

    await eventually(begun)
    code = {"recipients": [{"phone": "79000000009"}]}
    personal = await send(house, words={"text": "Your code is 1234"}, to=code)
    assert (await sent(house, personal))["statistics"]["sent"] == 1
    left = (await house.ask(SHOW, id=bulk))["send"]["statistics"]
    assert left["pending"] > 0
    assert left["total"] == 1_000


async def test_the_program_of_the_page_sends_and_waits(house: House, tmp_path: Path) -> None:
    program = examples.python("sends.md", tmp_path)
    house.worker()
    address = f"http://127.0.0.1:{house.ports['api']}"
    some = ["ann@example.com", "bo@example.com"]
    found = await asyncio.to_thread(program.greet, address, house.token("sender"), some, "k")
    assert found == {"total": 2, "sent": 2, "pending": 0}
    (mail,) = await said_to(house, "bo@example.com")
    assert "Good to have you here." in mail
