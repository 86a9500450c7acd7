"""C6: what docs/command-line.md shows works as it stands."""

import json
from pathlib import Path

from tests.journeys.commands import DOCS, blocks, command, script
from tests.journeys.conftest import House, at_work

# A busy machine may subscribe after the page's notification: then another rings the bell.
RING = """
until grep -q NotificationCreated bell.ndjson; do
  belfry notify 65f0c3a1b2c3d4e5f6a7b8c9 new_post
done
kill %1
"""


async def test_the_page_works_word_for_word(house: House, tmp_path: Path) -> None:
    await at_work(house.worker())
    page = "\n".join(blocks((DOCS / "command-line.md").read_text(), "sh"))
    ran = await script(command(house, tmp_path), f"set -m\n{page}\n{RING}")
    assert ran.code == 0, ran.said + ran.complaint
    assert "finished\t1/1\tsent 1" in ran.said
    assert "vip" in ran.said
    assert "Good day from Belfry" in {entry["text"] for entry in await house.ledger()}
    for line in (tmp_path / "bell.ndjson").read_text().splitlines():
        assert json.loads(line)["notification"]["key"] == "new_post"
