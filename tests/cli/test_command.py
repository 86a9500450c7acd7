"""What holds for every command: exit codes, one kind of output, a clean end."""

import asyncio
import json
import signal
from pathlib import Path

import pytest

from local.folder import Folder
from local.ports import free_port
from tests.cli.conftest import Belfry
from tests.graph.conftest import SECRET, token

PHONE = "79161234567"


async def test_json_is_one_document_and_nothing_else(belfry: Belfry) -> None:
    ran = await belfry.run("stats", "--json")
    assert (ran.code, ran.complaint, ran.said.count("\n")) == (0, "", 1)
    assert ran.json["total"] == sum(each["count"] for each in ran.json["byStatus"])


async def test_a_pipe_gets_lines_with_tabs_and_times_with_their_zone(
    belfry: Belfry, user: str
) -> None:
    await belfry.run("notify", user, "new_post", "--data", "title=A\tB\nC\x1b[31m")
    ran = await belfry.run("inbox", user)
    (line,) = ran.said.splitlines()
    id_, moment, new, kind, *_ = line.split("\t")
    assert (new, kind) == ("yes", "new_post")
    assert moment.endswith("+05:00")
    assert "\x1b" not in line
    assert (await belfry.run("read", id_)).code == 0


async def test_what_the_server_refuses_is_a_line_for_each_field_and_code_1(belfry: Belfry) -> None:
    ran = await belfry.run("clients", "add", "12", "--zone", "Mars/North", "--json")
    assert (ran.code, ran.said) == (1, "")
    first, second = ran.complaint.splitlines()
    assert first.startswith("belfry: phone: ")
    assert second.startswith("belfry: timeZone: ")


async def test_a_bad_token_is_a_refusal(belfry: Belfry, user: str) -> None:
    for command in (("stats",), ("watch", "inbox", user, "--after", "x")):
        ran = await belfry.run(*command, BELFRY_TOKEN="made up")
        assert (ran.code, ran.said, ran.complaint.count("\n")) == (1, "", 1)
        assert "UNAUTHENTICATED" in ran.complaint
        assert "BELFRY_TOKEN" in ran.complaint


async def test_a_role_that_may_not_is_a_refusal(belfry: Belfry) -> None:
    ran = await belfry.run("stats", BELFRY_TOKEN=token("subscriber"))
    assert (ran.code, ran.complaint.count("\n")) == (1, 1)
    assert "FORBIDDEN" in ran.complaint


async def test_a_server_that_is_not_there_is_one_line_and_code_2(belfry: Belfry, user: str) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    for command in (("stats",), ("watch", "inbox", user), ("watch", "mailing", "x")):
        ran = await belfry.run(*command, "--url", url, "--json")
        assert (ran.code, ran.said, ran.complaint.count("\n")) == (2, "", 1)
        assert f"{url} can't be reached" in ran.complaint


@pytest.mark.parametrize(
    "arguments",
    [
        ("stats", "--url", "localhost"),
        ("mailings", "create", "--text", "a", "--end", "soon"),
        ("mailings", "create", "--text", "a", "--window", "9"),
        ("notify", "u", "new_post", "--data", "nothing"),
        ("notify", "u", "new_post", "--data", "n:=."),
        ("clients", "list", "--first", "0"),
    ],
)
async def test_what_cannot_be_asked_is_code_2(belfry: Belfry, arguments: tuple[str, ...]) -> None:
    ran = await belfry.run(*arguments)
    assert (ran.code, ran.said) == (2, "")
    assert arguments[-2] in ran.complaint


async def test_what_is_not_there_is_a_refusal_that_says_where_to_look(belfry: Belfry) -> None:
    gone = (await belfry.ask("clients", "add", PHONE))["id"]
    await belfry.ask("clients", "remove", gone)
    ran = await belfry.run("clients", "show", gone)
    assert (ran.code, ran.complaint.count("\n")) == (1, 1)
    assert "belfry clients list" in ran.complaint


async def test_the_key_of_a_local_belfry_signs_where_no_token_is_given(
    belfry: Belfry, tmp_path: Path
) -> None:
    folder = Folder(tmp_path / ".belfry")
    with folder.held():
        folder.keys()
    ran = await belfry.run("stats", BELFRY_TOKEN="")
    assert "Signature verification failed" in ran.complaint  # this API has another key
    keys = json.loads((folder.path / "keys.json").read_text())
    secret = SECRET
    (folder.path / "keys.json").write_text(json.dumps({**keys, "jwt_secret": secret}))
    assert (await belfry.run("stats", BELFRY_TOKEN="")).code == 0


async def test_without_any_token_the_complaint_says_how_to_give_one(belfry: Belfry) -> None:
    ran = await belfry.run("stats", BELFRY_TOKEN="")
    assert (ran.code, ran.complaint.count("\n")) == (1, 1)
    assert "--token or BELFRY_TOKEN" in ran.complaint


async def test_ctrl_c_is_no_traceback(belfry: Belfry, user: str) -> None:
    process = await belfry.start("watch", "inbox", user, "--json")
    await belfry.run("notify", user, "new_post")
    assert process.stdout is not None
    while not await heard(process):
        await belfry.run("notify", user, "new_post")
    process.send_signal(signal.SIGINT)
    _, complaint = await process.communicate()
    assert (process.returncode, complaint) == (130, b"")


async def heard(process: asyncio.subprocess.Process) -> bool:
    """Whether a line comes soon."""
    assert process.stdout is not None
    try:
        async with asyncio.timeout(2):
            return bool(await process.stdout.readline())
    except TimeoutError:
        return False


async def test_a_reader_that_leaves_is_no_traceback(belfry: Belfry, user: str) -> None:
    process = await belfry.start("watch", "inbox", user, "--json")
    assert process.stdout is not None
    while not await heard(process):
        await belfry.run("notify", user, "new_post")
    process.stdout._transport.close()  # type: ignore[attr-defined]
    async with asyncio.timeout(60):
        while process.returncode is None:
            await belfry.run("notify", user, "new_post")
    assert process.returncode == 141
    assert process.stderr is not None
    assert await process.stderr.read() == b""
