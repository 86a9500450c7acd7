"""X8 and C6: recipients' wishes and the suppression list on the command line."""

from pathlib import Path

from tests.journeys.commands import command
from tests.journeys.conftest import House

USER = "5f0c3a1b2c3d4e5f6a7b8c04"


async def test_topics_are_muted_and_heard_again(house: House, tmp_path: Path) -> None:
    belfry = command(house, tmp_path)
    await belfry.ask("notify", USER, "new_post")
    muted = await belfry.run("preferences", "mute", f"user:{USER}", "new_login/email", "news/*")
    assert sorted(muted.said.splitlines()) == ["new_login/email", "news/*"]
    left = await belfry.ask("preferences", "unmute", f"user:{USER}", "news/*")
    assert left["muted"] == [{"topic": "new_login", "channel": "EMAIL"}]
    assert (await belfry.run("preferences", "show", f"user:{USER}")).said == "new_login/email\n"
    for wrong in (("ada@example.com", "news/*"), (f"user:{USER}", "news")):
        refused = await belfry.run("preferences", "mute", *wrong)
        assert (refused.code, refused.complaint.count("\n")) == (2, 1)


async def test_addresses_are_suppressed_and_freed_again(house: House, tmp_path: Path) -> None:
    belfry = command(house, tmp_path)
    added = await belfry.run("suppressions", "add", "email", "Ada@example.com", "nobody")
    assert added.code == 1
    assert added.complaint.startswith("belfry: nobody: ")
    (line,) = added.said.splitlines()
    assert line.split("\t")[:3] == ["EMAIL", "ada@example.com", "MANUAL"]
    listed = await belfry.ask("suppressions", "list", "--channel", "email", "--reason", "manual")
    assert [each["address"] for each in listed["nodes"]] == ["ada@example.com"]
    await belfry.ask("suppressions", "remove", "email", "ada@example.com")
    assert (await belfry.ask("suppressions", "list"))["totalCount"] == 0
