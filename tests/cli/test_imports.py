"""Tables by the command: files, pipes, errors by line, exit codes."""

import asyncio
import csv
import gzip
import io
import json
import os
import pty
import sys
from pathlib import Path

import pytest

from local.processes import COMMAND
from tests.cli.conftest import PATIENCE, Belfry
from tests.factories import phone, unused
from tests.graph.conftest import token


def table(count: int, tag: str) -> str:
    start = unused(count)
    lines = (f"{phone(start + at)},{tag}\n" for at in range(count))
    return "phone,tags\n" + "".join(lines)


def names_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


async def test_what_was_imported_is_exported(belfry: Belfry, tmp_path: Path) -> None:
    said = table(1_200, "story")
    (tmp_path / "clients.csv").write_text(said)
    report = await belfry.ask("import", "clients.csv")
    assert (report["created"], report["rows"], report["errors"]) == (1_200, 1_200, [])
    ran = await belfry.run("export", "clients", "--tag", "story")
    assert (ran.code, ran.complaint) == (0, "")
    rows = list(csv.DictReader(io.StringIO(ran.said)))
    assert [row["phone"] for row in rows] == [line.split(",")[0] for line in said.split()[1:]]
    told = await belfry.ask("export", "clients", "--tag", "story", "--out", "out.ndjson")
    out = tmp_path / "out.ndjson"
    assert told == {"file": "out.ndjson", "bytes": out.stat().st_size}
    assert len(out.read_text().splitlines()) == 1_200
    assert (await belfry.ask("import", "out.ndjson"))["unchanged"] == 1_200
    assert names_in(tmp_path) == ["clients.csv", "out.ndjson"]


async def test_mistakes_are_told_by_line_and_make_the_code_1(belfry: Belfry) -> None:
    said = table(2, "x")
    more = f"12,x\n{said.split()[1]}\n"
    ran = await belfry.run("import", "-", "--format", "csv", "--dry-run", said=said + more)
    assert (ran.code, ran.complaint) == (1, "")
    mistake, repeat, summary = ran.said.splitlines()
    assert mistake.startswith("line 4: phone: check the number, it has 2 digits")
    assert repeat == "line 5: phone: the same as in line 2; this one holds"
    assert summary.startswith("4 rows: 2 created, 1 refused, 1 repeated (dry run")


async def test_a_packed_file_is_sent_as_it_is(belfry: Belfry, tmp_path: Path) -> None:
    (tmp_path / "clients.csv.gz").write_bytes(gzip.compress(table(5, "packed").encode()))
    assert (await belfry.ask("import", "clients.csv.gz"))["created"] == 5


async def test_unknown_columns_are_refused_or_passed_over(belfry: Belfry) -> None:
    said = table(1, "x").replace("tags", "tagz")
    arguments = ("import", "-", "--format", "csv")
    ran = await belfry.run(*arguments, said=said)
    assert (ran.code, ran.said) == (1, "")
    assert "did you mean tags?" in ran.complaint
    assert (await belfry.run(*arguments, "--ignore-unknown", said=said)).code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("import", "clients.xls"), "--format takes csv or ndjson"),
        (("import", "-"), "--format takes csv or ndjson"),
        (("import", "nowhere.csv"), "can't be read"),
        (("export", "clients", "--out", "no/where.csv"), "can't be written"),
    ],
)
async def test_what_cannot_be_done_is_one_line(
    belfry: Belfry, arguments: tuple[str, ...], said: str
) -> None:
    ran = await belfry.run(*arguments)
    assert (ran.code, ran.said, ran.complaint.count("\n")) == (2, "", 1)
    assert said in ran.complaint


async def test_who_may_not_hears_so_and_no_file_is_left(belfry: Belfry, tmp_path: Path) -> None:
    for arguments in (("import", "-", "--format", "csv"), ("export", "clients", "--out", "a.csv")):
        ran = await belfry.run(*arguments, said="phone\n", BELFRY_TOKEN=token("sender"))
        assert (ran.code, "FORBIDDEN" in ran.complaint) == (1, True)
    assert names_in(tmp_path) == []


async def test_a_terminal_sees_how_far_it_is_and_the_answer_stays_clean(
    belfry: Belfry, tmp_path: Path
) -> None:
    (tmp_path / "clients.csv").write_text(table(5_000, "bar"))
    ours, theirs = pty.openpty()
    pipe = asyncio.subprocess.PIPE
    arguments = ("import", "clients.csv", "--dry-run", "--json")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        COMMAND,
        *arguments,
        cwd=tmp_path,
        env={**belfry.environment, "TERM": "xterm", "COLUMNS": "100"},
        stdout=pipe,
        stderr=theirs,
    )
    os.close(theirs)
    async with asyncio.timeout(PATIENCE):
        said, _ = await process.communicate()
    shown = b""
    try:
        while piece := os.read(ours, 65_536):
            shown += piece
    except OSError:  # how Linux says that nobody has the other end any more
        pass
    os.close(ours)
    assert json.loads(said)["created"] == 5_000
    assert b"clients.csv" in shown
    assert b"kB" in shown or b"bytes" in shown
