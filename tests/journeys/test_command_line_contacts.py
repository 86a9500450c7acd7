"""C1 to C4 and C6: contacts are kept, written to and looked after on the command line."""

from pathlib import Path

from tests.journeys.commands import command
from tests.journeys.conftest import House, at_work, eventually


async def test_contacts_are_written_to_and_what_failed_is_tried_again(
    house: House, tmp_path: Path
) -> None:
    belfry = command(house, tmp_path, "sender")
    await belfry.ask("contacts", "add", "Ada", "--telegram", "1001", "--viber", "01234567890A=")
    await belfry.ask("contacts", "add", "Bob", "--telegram", "1002")
    listed = await belfry.ask("contacts", "list", "--name", "ad")
    assert [each["name"] for each in listed["nodes"]] == ["Ada"]
    ran = await belfry.run("contacts", "send", "Ada", "Cyd", "--text", "Hello")
    assert (ran.code, ran.complaint.count("\n")) == (1, 1)
    assert "Cyd" in ran.complaint
    queued = await belfry.run("contacts", "send", "ada", "Bob", "--text", "Hello", "--until", "1h")
    assert [line.split("\t")[1:3] for line in queued.said.splitlines()] == [
        ["Ada", "TELEGRAM"],
        ["Ada", "VIBER"],
        ["Bob", "TELEGRAM"],
    ]
    await at_work(house.worker())

    async def failed() -> str:
        return (await belfry.run("contacts", "failed")).said

    (line,) = (await eventually(failed)).splitlines()
    message, contact, channel, address, _, _, _, text = line.split("\t")
    assert (contact, channel, address, text) == ("Ada", "VIBER", "01234567890A=", "Hello")
    assert await belfry.ask("contacts", "retry", message) == {"count": 1, "errors": []}
    await belfry.ask("contacts", "change", listed["nodes"][0]["id"], "--viber", "01234567890B=")
    await belfry.ask("contacts", "remove", "bob")
    assert (await belfry.ask("contacts", "list"))["totalCount"] == 1
