"""What a person sees: tables, a bar, times by the clock on the wall, and no trick of the text."""

import re

import pytest

from cli.screen import clean
from tests.cli.conftest import Belfry
from tests.cli.terminal import seen


async def test_a_list_is_a_table_with_local_times_and_how_to_go_on(
    belfry: Belfry, user: str
) -> None:
    made = [await belfry.ask("notify", user, "new_post", "--data", f"n:={n}") for n in range(3)]
    told = await seen(belfry, "inbox", user, "--first", "2")
    heading, rule, *rows = [line for line in told.splitlines() if line.strip()]
    assert heading.split() == ["id", "at", "new", "kind", "title", "data"]
    assert set(rule.strip()) == {"─"}
    assert [row.split()[0] for row in rows[:2]] == [
        each["notification"]["id"] for each in reversed(made[1:])
    ]
    assert re.search(r" \d{4}-\d\d-\d\d \d\d:\d\d:\d\d ", rows[0])
    assert "3 unread of 3" in told


async def test_a_page_says_how_to_go_on(belfry: Belfry) -> None:
    for number in range(2):
        await belfry.ask("clients", "add", f"7926{number:07}", "--tag", "terminal")
    told = await seen(belfry, "clients", "list", "--tag", "terminal", "--first", "1")
    (after,) = re.findall(r"1 of 2; go on with --after (\S+)", told)
    rest = await belfry.ask("clients", "list", "--tag", "terminal", "--after", after)
    assert [each["phone"] for each in rest["nodes"]] == ["79260000001"]


async def test_json_on_a_terminal_is_indented(belfry: Belfry) -> None:
    assert (await seen(belfry, "stats", "--json")).startswith('{\r\n  "total"')


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("plain Ünïcode 鐘", "plain Ünïcode 鐘"),
        ("a\tb\nc\rd", "a b c d"),
        ("\x1b[31mred\x07", "\ufffd[31mred\ufffd"),
        ("\u202egnp.exe", "\ufffdgnp.exe"),
        ("\x9b1A", "\ufffd1A"),
        ("👩\u200d🚀", "👩\u200d🚀"),
    ],
)
def test_a_text_can_not_steer_the_terminal(said: str, shown: str) -> None:
    assert clean(said) == shown
