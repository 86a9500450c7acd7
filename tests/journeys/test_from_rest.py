"""docs/from-rest.md: each call of the old services has a twin in GraphQL and one on the command line."""

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp

from tests.cli.conftest import Belfry, Ran
from tests.journeys.commands import DOCS, blocks, command, script
from tests.journeys.conftest import House, at_work, eventually, moment

USER = "5f0c3a1b2c3d4e5f6a7b8c02"
PAGE = (DOCS / "from-rest.md").read_text()
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE))
CALLS = {
    "POST /create",
    "GET /list",
    "POST /read",
    "/api/clients/",
    "/api/mailings/",
    "GET /api/mailings/fullinfo/",
    "GET /api/mailings/{id}/info/",
    "GET /api/messages/",
    "POST /api/v1/send-notification/email",
    "/api/contacts",
    "PUT /api/contacts",
    "GET /api/get_failed_mess",
}


class Twins:
    """The two twins of an old call."""

    def __init__(self, house: House, call: str, folder: Path) -> None:
        (self.document,) = blocks(SECTIONS[call], "graphql")
        (self.script,) = blocks(SECTIONS[call], "sh")
        self._house = house
        self.belfry: Belfry = command(house, folder)

    async def ask(self, operation: str, **variables: Any) -> Any:
        """The one field of an operation of the document."""
        url = f"http://127.0.0.1:{self._house.ports['api']}/graphql"
        body = {"query": self.document, "operationName": operation, "variables": variables}
        headers = {"Authorization": f"Bearer {self._house.token()}"}
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.post(url, json=body) as answer,
        ):
            said = await answer.json()
        assert "errors" not in said, said
        (value,) = said["data"].values()
        assert value.get("errors", []) == []
        return value

    async def run(self, line: int | None = None, **environment: str) -> str:
        """What the script says, or one line of it."""
        text = self.script if line is None else self.script.splitlines()[line]
        ran: Ran = await script(self.belfry, text, **environment)
        assert (ran.code, ran.complaint) == (0, "")
        return ran.said


def test_every_old_call_is_on_the_page() -> None:
    listed = re.findall(r"^\| \[`(.+?)`\]\(#(.+?)\) \|", PAGE, re.MULTILINE)
    assert {call for call, _ in listed} == SECTIONS.keys() == CALLS
    for call, anchor in listed:
        assert anchor == re.sub(r"[^a-z0-9_ -]", "", call.lower()).replace(" ", "-")


async def test_create_list_and_read(house: House, tmp_path: Path) -> None:
    create = Twins(house, "POST /create", tmp_path)
    made = await create.ask("Create", userId=USER)
    assert made["notification"]["isNew"]
    await create.run(USER_ID=USER)

    listing = Twins(house, "GET /list", tmp_path)
    page = (await listing.ask("List", userId=USER))["page"]
    assert (page["total"], page["unread"], page["skip"], page["limit"]) == (2, 2, 0, 20)
    assert {each["key"] for each in page["list"]} == {"new_login"}
    told = await listing.run(USER_ID=USER)
    first, second = (line.split("\t")[0] for line in told.splitlines())
    assert [first, second] == [each["id"] for each in page["list"]]

    read = Twins(house, "POST /read", tmp_path)
    assert (await read.ask("Read", id=first))["unread"] == 1
    assert await read.run(NOTIFICATION=second) == "marked\t1\nunread\t0\n"


async def test_clients(house: House, tmp_path: Path) -> None:
    twins = Twins(house, "/api/clients/", tmp_path)
    made = (await twins.ask("Post"))["client"]["id"]
    added = field("id", await twins.run(1))
    page = await twins.ask("Clients")
    listed = {line.split("\t")[0] for line in (await twins.run(0)).splitlines()}
    assert {each["id"] for each in page["nodes"]} == listed == {made, added}
    assert (await twins.ask("Patch", id=made))["client"]["tags"] == ["vip", "north"]
    assert field("tags", await twins.run(2, CLIENT=added)) == "vip, north"
    await twins.ask("Delete", id=made)
    await twins.run(3, CLIENT=added)
    assert (await twins.ask("Clients"))["totalCount"] == 0


async def test_mailings(house: House, tmp_path: Path) -> None:
    twins = Twins(house, "/api/mailings/", tmp_path)
    times = {"startAt": moment(3_600), "endAt": moment(7_200)}
    made = (await twins.ask("Post", **times))["mailing"]["id"]
    created = field("id", await twins.run(1))
    page = await twins.ask("Mailings")
    listed = {line.split("\t")[0] for line in (await twins.run(0)).splitlines()}
    assert {each["id"] for each in page["nodes"]} == listed == {made, created}
    assert (await twins.ask("Patch", id=made))["mailing"]["text"] == "Good day"
    assert field("text", await twins.run(2, MAILING=created)) == "Good day"
    await twins.ask("Delete", id=made)
    await twins.run(3, MAILING=created)
    assert (await twins.ask("Mailings"))["totalCount"] == 0


async def test_statistics_and_messages(house: House, tmp_path: Path) -> None:
    belfry = command(house, tmp_path)
    await belfry.ask("clients", "add", "79160000001", "--tag", "vip")
    made = await belfry.ask("mailings", "create", "--name", "a", "--text", "b", "--tag", "vip")
    await at_work(house.worker())
    full, info = "GET /api/mailings/fullinfo/", "GET /api/mailings/{id}/info/"

    async def sent() -> bool:
        counts = (await Twins(house, full, tmp_path).ask("FullInfo"))["byStatus"]
        return {"status": "SENT", "count": 1} in counts

    await eventually(sent)
    assert "SENT\t1\n" in await Twins(house, full, tmp_path).run()

    detail = Twins(house, info, tmp_path)
    (message,) = (await detail.ask("Info", id=made["id"]))["messages"]["nodes"]
    assert (message["status"], message["address"]) == ("SENT", "79160000001")
    assert len(message["attempts"]) == 1
    told = await detail.run(MAILING=made["id"])
    assert "SENT\t1\n" in told
    assert "79160000001" in told

    messages = Twins(house, "GET /api/messages/", tmp_path)
    (mailing,) = (await messages.ask("Messages"))["nodes"]
    (message,) = mailing["messages"]["nodes"]
    assert message["id"] == (await messages.run(0, MAILING=made["id"])).split("\t")[0]
    assert message["id"] in await messages.run(1)


async def test_templates_are_sent_to_one_to_a_group_and_to_all(
    house: House, tmp_path: Path
) -> None:
    belfry = command(house, tmp_path)
    welcome = {"slug": "welcome", "title": "Welcome", "variables": [{"name": "name"}]}
    welcome["variants"] = [{"subject": "Hello", "text": "Welcome, {{ name }}"}]
    (tmp_path / "welcome.json").write_text(json.dumps(welcome))
    await belfry.ask("templates", "put", "welcome.json")
    await belfry.ask("clients", "add", "79160000001", "--email", "bob@example.com")
    await belfry.ask("groups", "create", "vip")
    await belfry.ask("groups", "add", "vip", "79160000001")
    await at_work(house.worker())

    twins = Twins(house, "POST /api/v1/send-notification/email", tmp_path)
    sends = [
        await twins.ask("Personal", email="ada@example.com"),
        await twins.ask("Group"),
        await twins.ask("All"),
    ]
    ids = [each["send"]["id"] for each in sends]
    ids += [field("id", await twins.run(line, EMAIL="eve@example.com")) for line in range(3)]
    for address, name, count in (("ada", "Ada", 1), ("eve", "Ada", 1), ("bob", "you", 4)):
        mails = await eventually(partial(mailed, house, f"{address}@example.com", count))
        assert all(f"Welcome, {name}" in mail["text"] for mail in mails)
    listed = (await belfry.ask("sends", "list"))["nodes"]
    assert {each["id"] for each in listed} == set(ids)


async def mailed(house: House, to: str, count: int) -> list[dict[str, Any]] | None:
    """The mails to an address, once they are so many."""
    found = await house.mails(to)
    return found if len(found) == count else None


async def test_contacts(house: House, tmp_path: Path) -> None:
    keep = Twins(house, "/api/contacts", tmp_path)
    await keep.ask("Post")
    assert field("name", await keep.run(1)) == "Bob"
    listed = [each["name"] for each in (await keep.ask("Contacts"))["nodes"]]
    assert listed == [line.split("\t")[1] for line in (await keep.run(0)).splitlines()]
    assert listed == ["Ada", "Bob"]

    put = Twins(house, "PUT /api/contacts", tmp_path)
    queued = await put.ask("Put", notBefore=moment(-1))
    assert [each["contact"]["name"] for each in queued["results"]] == ["Ada", "Bob"]
    told = await put.run()
    channels = ["TELEGRAM", "WHATSAPP", "VIBER"]
    assert [line.split("\t")[2] for line in told.splitlines()] == channels
    await at_work(house.worker())
    failed = Twins(house, "GET /api/get_failed_mess", tmp_path)

    async def both() -> Any:
        nodes = (await failed.ask("Failed"))["nodes"]
        return nodes if len(nodes) == 2 else None

    nodes = await eventually(both)
    assert {(each["contact"], each["channel"]) for each in nodes} == {("Bob", "VIBER")}
    assert [each["id"] for each in nodes] == [
        line.split("\t")[0] for line in (await failed.run()).splitlines()
    ]

    await keep.ask("Delete")
    await keep.run(2)
    assert (await keep.ask("Contacts"))["totalCount"] == 0


def field(name: str, told: str) -> str:
    """The value of one line of what a command tells of an object."""
    (value,) = re.findall(rf"^{name}\t(.*)$", told, re.MULTILINE)
    return str(value)
