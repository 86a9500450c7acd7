"""T2 and C6: a group is made, filled and looked at on the command line."""

from pathlib import Path

from tests.journeys.commands import command
from tests.journeys.conftest import House

USER = "5f0c3a1b2c3d4e5f6a7b8c03"
PHONE = "79160000001"


async def test_a_group_is_made_filled_and_emptied(house: House, tmp_path: Path) -> None:
    belfry = command(house, tmp_path)
    client = await belfry.ask("clients", "add", PHONE, "--email", "ada@example.com")
    await belfry.ask("notify", USER, "new_post")
    assert (await belfry.ask("groups", "create", "vip", "--title", "Best"))["count"] == 0

    added = await belfry.run("groups", "add", "vip", PHONE, f"user:{USER}", "79990000000")
    assert [line.split("\t") for line in added.said.splitlines()] == [
        [client["id"], ""],
        ["", USER],
    ]
    assert added.code == 1
    assert added.complaint.startswith("belfry: 79990000000: ")

    members = await belfry.run("groups", "members", "vip")
    assert PHONE in members.said
    assert USER in members.said
    listed = await belfry.ask("groups", "list")
    assert [(each["name"], each["count"]) for each in listed["nodes"]] == [("vip", 2)]

    mailing = ("--name", "a", "--text", "b", "--group", "vip", "--start", "1h")
    made = await belfry.ask("mailings", "create", *mailing)
    assert made["audience"]["groups"] == ["vip"]
    assert (await belfry.run("groups", "delete", "vip")).code == 1
    await belfry.ask("mailings", "delete", made["id"])
    await belfry.ask("groups", "remove", "vip", "ada@example.com", f"user:{USER}")
    assert (await belfry.ask("groups", "show", "vip"))["count"] == 0
    await belfry.ask("groups", "delete", "vip")
    assert (await belfry.run("groups", "show", "vip")).code == 1
