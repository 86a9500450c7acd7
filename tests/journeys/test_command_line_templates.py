"""T1 and C6: templates are kept in files and put onto a server by the command line."""

from pathlib import Path

from tests.journeys.commands import command
from tests.journeys.conftest import House

WELCOME = """
slug = "welcome"
title = "Welcome"
variables = [{name = "name"}, {name = "count", type = "NUMBER", default = 1}]

[[variants]]
locale = "en"
subject = "Hello {{ name }}"
text = "@welcome.txt"

[[variants]]
locale = "de"
subject = "Hallo {{ name }}"
text = "Willkommen, {{ name }}"
"""
BYE = '{"slug": "bye", "title": "Bye", "variants": [{"subject": "Bye", "text": "See you"}]}'


async def test_templates_of_a_folder_are_put_previewed_and_put_again(
    house: House, tmp_path: Path
) -> None:
    belfry = command(house, tmp_path)
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "welcome.toml").write_text(WELCOME)
    (folder / "welcome.txt").write_text("Welcome, {{ name }}, {{ count }}")
    (folder / "bye.json").write_text(BYE)
    put = await belfry.ask("templates", "put", "templates")
    assert [(each["slug"], each["version"]) for each in put] == [("bye", 1), ("welcome", 1)]

    preview = ("templates", "preview", "welcome", "--context", "name=Ada")
    assert (await belfry.ask(*preview))["text"] == "Welcome, Ada, 1"
    german = await belfry.run(*preview, "--locale", "de-AT")
    assert german.said.splitlines()[:3] == [
        "locale\tde",
        "subject\tHallo Ada",
        "text\tWillkommen, Ada",
    ]
    refused = await belfry.run("templates", "preview", "welcome")
    assert (refused.code, refused.said) == (1, "")
    assert "name" in refused.complaint

    (folder / "bye.json").write_text(BYE.replace("See you", "See you soon"))
    put = await belfry.ask("templates", "put", "templates")
    assert [(each["slug"], each["version"]) for each in put] == [("bye", 2), ("welcome", 1)]
    listed = await belfry.run("templates", "list", "--search", "bye")
    assert listed.said.startswith("bye\t2\tBye\t")
    assert (await belfry.ask("templates", "show", "bye"))["variants"][0]["text"] == "See you soon"
    await belfry.ask("templates", "delete", "bye")
    assert (await belfry.run("templates", "show", "bye")).code == 1


async def test_a_mistake_in_a_template_is_told_with_its_line_and_column(
    house: House, tmp_path: Path
) -> None:
    belfry = command(house, tmp_path)
    (tmp_path / "bad.json").write_text(BYE.replace("See you", "a\\n{{ b"))
    refused = await belfry.run("templates", "put", "bad.json")
    assert (refused.code, refused.said) == (1, "")
    assert "line 2" in refused.complaint
    for name, content in {"none.toml": "title = 1", "broken.toml": "=", "other.yaml": ""}.items():
        (tmp_path / name).write_text(content)
        refused = await belfry.run("templates", "put", name)
        assert (refused.code, refused.complaint.count("\n")) == (2, 1)
        assert name in refused.complaint
