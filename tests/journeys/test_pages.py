"""C6, M16: every command that a page of the documentation shows works as it stands."""

import json
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local.ports import free_port
from tests.cli.conftest import Belfry
from tests.docs import absent, blocks
from tests.docs.blocks import ROOT
from tests.journeys.commands import command, script
from tests.journeys.conftest import House, at_work
from tests.journeys.test_mailing import finished, mail
from tests.processes import Api

ELSEWHERE = {
    "docs/from-rest.md": "test_from_rest.py, with the old calls",
    "docs/graphql.md": "tests/graph/test_docs.py, with what it says",
}
"""Pages whose scripts other tests run; those of the README's tour are run by tests/test_readme.py."""
SCRIPTS = [it for it in blocks.EVERY if it.info == "sh" and it.page not in ELSEWHERE]
SERVERS = ("http://127.0.0.1:8000", "https://belfry.example.com")
USER = "65f0c3a1b2c3d4e5f6a7b8c9"
CLIENT = "Q2xpZW50OjY1ZjBjM2ExYjJjM2Q0ZTVmNmE3YjhjOQ"
PHONE = "79991234567"
MISTAKEN = f"phone,tags\n{PHONE},vip\n89991234567,vip\n79991234568,vip\n{PHONE},vip\n"
"""A table with what the report in docs/import-export.md tells."""


@dataclass
class Scene:
    """What a page takes for granted, and what was said in the end."""

    house: House
    belfry: Belfry
    swaps: dict[str, str] = field(default_factory=dict)
    """Words of the page, and what they are here."""
    before: str = ""
    after: str = ""
    """Shell around what the page has."""
    said: str = ""

    def told(self, name: str) -> list[dict[str, Any]]:
        """The lines of JSON in a file that the page has written."""
        return [json.loads(line) for line in (self.belfry.folder / name).read_text().splitlines()]


def own_api(scene: Scene) -> Api:
    """An API with the settings and the log of the scene alone."""
    api = scene.house.api(free_port())
    scene.belfry.environment["BELFRY_URL"] = api.address
    return api


@asynccontextmanager
async def command_line(scene: Scene) -> AsyncIterator[None]:
    await at_work(scene.house.worker())
    # A busy machine may subscribe after the page's notification: then another rings the bell.
    scene.after = f"""
until grep -q NotificationCreated bell.ndjson; do
  belfry notify {USER} new_post
done
kill %1
"""
    yield
    assert "finished\t1/1\tsent 1" in scene.said
    assert "Good day from Belfry" in {entry["text"] for entry in await scene.house.ledger()}
    for event in scene.told("bell.ndjson"):
        assert event["notification"]["key"] == "new_post"


@asynccontextmanager
async def data_care(scene: Scene) -> AsyncIterator[None]:
    client = await scene.belfry.ask("clients", "add", PHONE)
    await scene.belfry.ask("notify", USER, "new_post")
    scene.swaps = {CLIENT: client["id"]}
    yield
    assert [row["kind"] for row in scene.told("ann.ndjson")] == ["client", "action"]
    user, notification = scene.told("bob.ndjson")
    assert [user["kind"], notification["kind"]] == ["user", "notification"]
    assert notification["id"] in scene.said
    assert "0 messages would be uncertain; 0 mailings would be paused" in scene.said
    assert "0 messages are uncertain; 0 mailings are paused" in scene.said


@asynccontextmanager
async def history(scene: Scene) -> AsyncIterator[None]:
    yesterday, tomorrow = (datetime.now(UTC).date() + timedelta(days) for days in (-1, 1))
    scene.swaps = {"2026-05-11": str(yesterday), "2026-05-12": str(tomorrow)}
    await scene.belfry.ask("clients", "add", PHONE)
    await at_work(scene.house.worker())
    assert await finished(scene.house, await mail(scene.house)) == {"total": 1, "sent": 1}
    yield
    (message,), (attempt,) = scene.told("messages.ndjson"), scene.told("attempts.ndjson")
    assert attempt["messageId"] == message["id"]
    assert len((scene.belfry.folder / "history.csv").read_text().splitlines()) == 2


@asynccontextmanager
async def import_and_export(scene: Scene) -> AsyncIterator[None]:
    (told,) = (it for it in blocks.of("json") if it.page == "docs/import-export.md")
    (scene.belfry.folder / "mistaken.csv").write_text(MISTAKEN)
    scene.swaps = {"BELFRY_TOKEN=...": "BELFRY_TOKEN=$TOKEN"}
    scene.before = f"""
! belfry import mistaken.csv --json > report.json
printf 'phone,tags\\n{PHONE},vip\\n' > clients.csv
echo '{{"phone": "79991234569", "tags": ["vip"]}}' | gzip > clients.ndjson.gz
"""
    yield
    report = json.loads((scene.belfry.folder / "report.json").read_text())
    assert blocks.like(json.loads(told.text), report), report
    assert len(scene.told("vip.ndjson")) == 2
    assert '"dryRun":true' in scene.said


@asynccontextmanager
async def logs(scene: Scene) -> AsyncIterator[None]:
    api, worker = own_api(scene), scene.house.worker()
    await at_work(worker)
    client = await scene.belfry.ask("clients", "add", PHONE)
    mailing = await scene.belfry.ask("mailings", "create", "--text", "Hello", "--all")
    await finished(scene.house, mailing["id"])
    lines = map(json.loads, api.log.read_text().splitlines())
    scene.swaps = {
        "65f0c3a1b2c3d4e5f6a7b8c1": mailing["id"],
        "65f0c3a1b2c3d4e5f6a7b8c3": client["id"],
        "3f9c21ab-1f": next(it["request"] for it in lines if it["event"] == "mailing.created"),
    }
    scene.before = f"""
mkdir -p .belfry/logs
cp {worker.log} worker.ndjson
cp {api.log} api.ndjson
cp api.ndjson .belfry/logs/api.log
exec < api.ndjson
"""
    yield
    assert scene.said.count(" message.attempted ") == 1
    assert scene.said.count(" mailing.created ") == 2
    assert "client.created" in scene.said


@asynccontextmanager
async def report(scene: Scene) -> AsyncIterator[None]:
    yesterday = datetime.now(UTC).date() - timedelta(1)
    scene.house.environment["REPORT_TO"] = "ops@example.com"
    own_api(scene)
    scene.swaps = {"2026-11-28": str(yesterday)}
    yield
    assert "<table" in (scene.belfry.folder / "report.html").read_text()


@asynccontextmanager
async def readme(scene: Scene) -> AsyncIterator[None]:
    shutil.copy(ROOT / ".env.example", scene.belfry.folder)
    yield


SCENES: dict[str, Callable[[Scene], AbstractAsyncContextManager[None]]] = {
    "README.md": readme,
    "docs/command-line.md": command_line,
    "docs/data-care.md": data_care,
    "docs/history.md": history,
    "docs/import-export.md": import_and_export,
    "docs/logs.md": logs,
    "docs/report.md": report,
}
"""All other pages take nothing for granted."""


@pytest.mark.parametrize("page", sorted({it.page for it in SCRIPTS}))
async def test_the_commands_of_a_page_work_word_for_word(
    house: House, tmp_path: Path, page: str
) -> None:
    scene = Scene(house, command(house, tmp_path))
    (tmp_path / ".curlrc").write_text("fail-with-body\nshow-error\n")
    async with SCENES.get(page, nullcontext)(scene):
        url, token = (scene.belfry.environment[f"BELFRY_{name}"] for name in ("URL", "TOKEN"))
        ran = await script(scene.belfry, text(page, scene, url), TOKEN=token, HOME=str(tmp_path))
        scene.said = ran.said
        assert ran.code == 0, ran.said + ran.complaint


def text(page: str, scene: Scene, url: str) -> str:
    """The scripts of a page, as one, for a server."""
    shown = [block for block in SCRIPTS if block.page == page]
    said = "\n".join(block.text for block in shown)
    for word, here in (scene.swaps | dict.fromkeys(SERVERS, url)).items():
        assert word in said or word in SERVERS, word
        said = said.replace(word, here)
    missing = set().union(*map(absent.in_script, shown))
    return "\n".join(["set -m", *map(in_place, sorted(missing)), scene.before, said, scene.after])


def in_place(name: str) -> str:
    """What stands for a command that is not here: does no more than run what follows `--`."""
    until = 'until [ $# = 0 ] || [ "$1" = -- ]; do shift; done'
    return f'{name}() {{ {until}; "${{@:2}}"; }}'
