"""Tables of clients by HTTP: what is taken, what it may cost, and who is refused."""

import asyncio
import gzip
import json
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from bson import ObjectId

from graph.client_import import MOST_OF_ONE
from local.mongod import Mongod
from local.redis import Redis
from tests.factories import phone, unused
from tests.graph.api import serving
from tests.graph.conftest import OWN, PATIENCE, Edge, token
from tests.graph.http import code_of, connect, exchange, send
from tests.waiting import until

PATH = "/clients/import?format=csv"
MIB = 1024 * 1024


def by(role: str = "operator", subject: str = OWN, kind: str = "text/csv") -> dict[str, str]:
    return {"Authorization": f"Bearer {token(role, subject)}", "Content-Type": kind}


def head(*more: str, subject: str = OWN) -> bytes:
    """The beginning of an import over a bare connection."""
    lines = [f"{name}: {value}" for name, value in {"Host": "a", **by(subject=subject)}.items()]
    return "\r\n".join([f"POST {PATH} HTTP/1.1", *lines, *more, "", ""]).encode()


def table(count: int, tag: str) -> bytes:
    """So many clients, each of a phone that no other test knows."""
    start = unused(count)
    lines = (f'{phone(start + at)},"vip,{tag}",Europe/Riga\r\n' for at in range(count))
    return ("phone,tags,timeZone\r\n" + "".join(lines)).encode()


def there(edge: Edge, tag: str) -> int:
    return edge.database["clients"].count_documents({"tags": tag})


def fresh() -> str:
    return f"t{ObjectId()}"


async def take(edge: Edge, said: Any, path: str = PATH, **headers: str) -> Any:
    status, _, answer = await send(edge, path=path, data=said, headers={**by(), **headers})
    assert status == 200, answer
    return answer


async def test_a_table_is_taken_and_answered_with_what_became_of_it(edge: Edge) -> None:
    tag = fresh()
    said = table(1_500, tag)
    bad = b"12,,\r\n" + said.splitlines()[1] + b"\r\n"
    answer = await take(edge, said + bad)
    (error,), (repeat,) = answer.pop("errors"), answer.pop("repeats")
    assert answer == {
        "dryRun": False,
        "rows": 1_502,
        "created": 1_500,
        "updated": 0,
        "unchanged": 0,
        "refused": 1,
        "repeated": 1,
        "moreErrors": 0,
    }
    assert (error["line"], error["field"], error["code"]) == (1_502, "phone", "INVALID")
    assert (repeat["line"], repeat["earlier"]) == (1_503, 2)
    assert there(edge, tag) == 1_500


async def test_a_dry_run_tells_the_same_and_writes_nothing(edge: Edge) -> None:
    tag = fresh()
    dry = await take(edge, said := table(20, tag), f"{PATH}&dryRun=true")
    assert there(edge, tag) == 0
    assert {**(await take(edge, said)), "dryRun": True} == dry


async def test_ndjson_and_packed_bodies_are_taken(edge: Edge) -> None:
    tag = fresh()
    lines = table(3, tag).decode().splitlines()[1:]
    objects = [{"phone": line.split(",")[0], "tags": [tag], "more": 1} for line in lines]
    said = b"\n".join(json.dumps(one).encode() for one in objects)
    path = "/clients/import?format=ndjson&ignoreUnknown=true"
    packed = gzip.compress(said[:20]) + gzip.compress(said[20:])
    kind = {"Content-Type": "application/x-ndjson; charset=UTF-8", "Content-Encoding": "gzip"}
    assert (await take(edge, packed, path, **kind))["created"] == 3
    assert (await take(edge, said, path, **{"Content-Type": "application/jsonl"}))["unchanged"] == 3


async def test_only_those_who_manage_clients_may_import(edge: Edge) -> None:
    said = table(1, fresh())
    for headers, status, code in (
        ({"Content-Type": "text/csv"}, 401, "UNAUTHENTICATED"),
        (by("sender"), 403, "FORBIDDEN"),
        ({**by(), "Sec-Fetch-Site": "cross-site"}, 403, "FORBIDDEN"),
        (by(kind="text/plain"), 415, "BAD_REQUEST"),
        (by(kind="application/x-ndjson"), 415, "BAD_REQUEST"),
        (by(kind="text/csv; charset=cp1251"), 415, "BAD_REQUEST"),
        ({**by(), "Content-Encoding": "br"}, 415, "BAD_REQUEST"),
    ):
        answered, _, answer = await send(edge, path=PATH, data=said, headers=headers)
        assert (answered, code_of(answer)) == (status, code)
    status, headers, _ = await send(edge, "GET", PATH, headers=by())
    assert (status, headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("query", "said", "expected"),
    [
        ("format=xml", b"phone\n", "`format` is csv or ndjson"),
        ("format=csv&dryRun=yes", b"phone\n", "`dryRun` is true or false"),
        ("format=csv&dry_run=true", b"phone\n", "did you mean `dryRun`?"),
        ("format=csv", b"", "the file is empty"),
        ("format=csv", b"phone,tagz\n", "did you mean tags?"),
        ("format=csv", b"\x00" * 100_000, "header"),
    ],
)
async def test_a_wrong_request_is_told_what_to_mend(
    edge: Edge, query: str, said: bytes, expected: str
) -> None:
    path = f"/clients/import?{query}"
    status, _, answer = await send(edge, path=path, data=said, headers=by())
    assert status == 400
    assert expected in answer["errors"][0]["message"]


async def test_what_is_packed_must_unfold(edge: Edge) -> None:
    packed = gzip.compress(table(100, fresh()))
    for said in (packed[:-20], b"no gzip at all", b"", packed + b"rubbish"):
        headers = {**by(), "Content-Encoding": "gzip"}
        status, _, answer = await send(edge, path=PATH, data=said, headers=headers)
        assert status == 400
        assert "gzip" in answer["errors"][0]["message"]


async def zeros(mebibytes: int) -> AsyncIterator[bytes]:
    """A small body that unfolds to so much."""
    pack = zlib.compressobj(9, wbits=31)
    yield pack.compress(b"phone\n")
    for _ in range(mebibytes):
        yield pack.compress(b"\n" * MIB)
        await asyncio.sleep(0)  # so small that nothing waits, and an answer would not be read
    yield pack.flush()


async def test_a_table_is_as_large_as_the_setting_says_also_when_it_unfolds(
    mongod: Mongod, redis_server: Redis, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    async with serving(mongod, redis_server, log, IMPORT_BYTES="1000000") as edge:
        assert (await take(edge, table(20_000, "x")))["created"] == 20_000
        for said, more in (
            (table(40_000, "x"), {}),
            (zeros(0), {"Content-Length": "1000001"}),
            (zeros(300), {"Content-Encoding": "gzip"}),
        ):
            if "Content-Length" in more:
                status, _, body = await exchange(edge, head("Content-Length: 1000001"))
                answer = json.loads(body)
            else:
                status, _, answer = await send(edge, path=PATH, data=said, headers={**by(), **more})
            assert (status, code_of(answer)) == (413, "TOO_LARGE")


async def test_a_hundred_thousand_rows_leave_the_memory_of_the_process_bounded(
    mongod: Mongod, redis_server: Redis, tmp_path: Path
) -> None:
    async with serving(mongod, redis_server, tmp_path / "log") as edge:
        process = psutil.Process(edge.api.pid)
        await take(edge, table(2_000, "x"))
        before = peak = process.memory_info().rss

        async def watch() -> None:
            nonlocal peak
            while True:
                peak = max(peak, process.memory_info().rss)
                await asyncio.sleep(0.02)

        watching = asyncio.create_task(watch())
        answer = await take(edge, table(100_000, "y"), f"{PATH}&dryRun=true")
        watching.cancel()
        assert answer["created"] == 100_000
        assert peak - before < 48 * MIB


async def test_a_caller_has_room_for_so_many_imports_until_one_is_left(edge: Edge) -> None:
    subject = str(ObjectId())
    headers = by(subject=subject)
    open_lines = [await connect(edge) for _ in range(MOST_OF_ONE)]
    for _, writer in open_lines:
        writer.write(head("Content-Length: 1000", subject=subject) + b"phone\n")

    async def status() -> int:
        answered, _, _ = await send(edge, path=PATH, data=b"phone\n", headers=headers)
        return answered

    async with asyncio.timeout(2 * PATIENCE):
        while await status() != 429:
            await asyncio.sleep(0.02)
        for _, writer in open_lines:
            writer.close()
        while await status() != 200:
            await asyncio.sleep(0.02)


async def test_an_import_whose_sender_leaves_ends_with_what_was_written_before(edge: Edge) -> None:
    tag = fresh()
    said = table(2_500, tag)
    subject = str(ObjectId())
    _, writer = await connect(edge)
    writer.write(head(f"Content-Length: {len(said) + 1}", subject=subject) + said)
    await asyncio.to_thread(until, lambda: there(edge, tag) == 2_000)
    writer.close()
    query = {"action": "importClients", "outcome": "FAILED", "by": subject}
    audit = edge.database["audit"]
    await asyncio.to_thread(until, lambda: audit.find_one(query))
    entry = audit.find_one(query)
    assert entry is not None
    assert json.loads(entry["result"])["created"] == 2_000
    assert there(edge, tag) == 2_000


async def test_a_process_that_stops_tells_its_senders_to_come_again(
    mongod: Mongod, redis_server: Redis, tmp_path: Path
) -> None:
    async with serving(mongod, redis_server, tmp_path / "log", DRAIN_SECONDS="25") as edge:
        tag = fresh()
        said = table(2_000, tag)
        reader, writer = await connect(edge)
        writer.write(head("Transfer-Encoding: chunked") + b"%x\r\n%s\r\n" % (len(said), said))
        await asyncio.to_thread(until, lambda: there(edge, tag) > 0)
        stopping = asyncio.create_task(asyncio.to_thread(edge.api.stop, 30))
        answering = asyncio.create_task(reader.read())
        while not answering.done():
            writer.write(b"1\r\n\n\r\n")
            await asyncio.sleep(0.05)
        answer = await answering
        writer.close()
        assert await stopping
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"send the whole file again" in answer
