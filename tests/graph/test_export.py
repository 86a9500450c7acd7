"""Tables by HTTP: who gets them, what they hold, and how they end."""

import asyncio
import csv
import io
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from bson import ObjectId

from core import clock
from graph.export import MOST_OF_ONE
from local.mongod import Mongod
from local.redis import Redis
from rules.client_table import COLUMNS
from tests.factories import phone, unused
from tests.graph.api import serving
from tests.graph.conftest import PATIENCE, Edge, token
from tests.graph.http import code_of, connect, send
from tests.waiting import until

PATH = "/clients/export"


def bearer(role: str = "operator", subject: str = "5f0c3a1b2c3d4e5f6a7b8c91") -> dict[str, str]:
    return {"Authorization": f"Bearer {token(role, subject)}"}


def put_in(edge: Edge, count: int, **said: Any) -> str:
    """So many clients with a tag of their own, which is the answer."""
    tag, now = f"t{ObjectId()}", clock.now()
    base = {"operator_code": "999", "time_zone": "UTC", "email": None, "created_at": now}
    start = unused(count)
    edge.database["clients"].insert_many(
        {**base, "updated_at": now, "phone": phone(start + at), "tags": [tag], **said}
        for at in range(count)
    )
    return tag


async def export(edge: Edge, **parameters: Any) -> tuple[str, str]:
    """The body, and the name of the file."""
    async with edge.http.get(PATH, params=parameters, headers=bearer()) as response:
        assert response.status == 200, await response.text()
        assert response.content_disposition is not None
        return await response.text(), str(response.content_disposition.filename)


async def test_clients_come_page_by_page_as_csv_and_as_ndjson(edge: Edge) -> None:
    tag = put_in(edge, 2_300, email="=a@example.com")
    said, name = await export(edge, format="csv", tag=tag)
    rows = list(csv.DictReader(io.StringIO(said)))
    assert name == "clients.csv"
    assert len({row["phone"] for row in rows}) == 2_300
    assert list(rows[0]) == [column.name for column in COLUMNS]
    assert {row["email"] for row in rows} == {"'=a@example.com"}
    said, name = await export(edge, format="ndjson", tag=tag)
    objects = list(map(json.loads, said.splitlines()))
    assert name == "clients.ndjson"
    assert [one["phone"] for one in objects] == [row["phone"] for row in rows]
    assert list(objects[0]) == list(rows[0])
    assert objects[0]["email"] == "=a@example.com"
    assert (objects[0]["tags"], objects[0]["viber"]) == ([tag], None)


async def test_only_clients_that_fit_all_parameters_come(edge: Edge) -> None:
    tag = put_in(edge, 3)
    other = put_in(edge, 2, operator_code="901")
    both = [("tag", tag), ("tag", other), ("format", "ndjson")]
    for more, count in (([], 5), ([("operatorCode", "901")], 2), ([("timeZone", "Asia/Omsk")], 0)):
        async with edge.http.get(PATH, params=[*both, *more], headers=bearer()) as response:
            assert len((await response.text()).splitlines()) == count


async def test_a_table_without_rows_still_names_its_columns(edge: Edge) -> None:
    said, _ = await export(edge, format="csv", tag="nobody has this one")
    assert said.split(",")[:2] == ["phone", "operatorCode"]
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "`format` is csv or ndjson"),
        ("format=xml", "`format` is csv or ndjson"),
        ("format=csv&tags=vip", "did you mean `tag`?"),
        ("format=csv&format=csv", "twice"),
        ("format=csv&tag=%FF", "UTF-8"),
        ("format=csv&" + "&".join(f"tag={at}" for at in range(101)), "at most 100 values"),
    ],
)
async def test_a_wrong_url_is_told_what_to_mend(edge: Edge, query: str, said: str) -> None:
    status, _, answer = await send(edge, "GET", f"{PATH}?{query}", headers=bearer())
    assert status == 400
    assert said in answer["errors"][0]["message"]


async def test_only_those_who_may_read_clients_get_them(edge: Edge) -> None:
    path = f"{PATH}?format=csv"
    for headers, status, code in (
        ({}, 401, "UNAUTHENTICATED"),
        (bearer("subscriber"), 403, "FORBIDDEN"),
        (bearer("sender"), 403, "FORBIDDEN"),
        (bearer("viewer"), 403, "FORBIDDEN"),
        ({**bearer(), "Sec-Fetch-Site": "cross-site"}, 403, "FORBIDDEN"),
        ({"Authorization": "Bearer no"}, 401, "UNAUTHENTICATED"),
    ):
        answered, _, said = await send(edge, "GET", path, headers=headers)
        assert (answered, code_of(said)) == (status, code)
    assert (await send(edge, "POST", path, headers=bearer()))[0] == 415
    assert (await send(edge, "PUT", path, headers=bearer()))[0] == 405


async def test_the_head_of_a_table_comes_without_it(edge: Edge) -> None:
    async with edge.http.head(f"{PATH}?format=csv", headers=bearer()) as response:
        assert (response.status, response.content_type) == (200, "text/csv")
        assert await response.read() == b""


async def leave(line: asyncio.StreamWriter) -> None:
    line.close()
    with suppress(ConnectionError):
        await line.wait_closed()


async def test_a_caller_has_room_for_so_many_exports_until_one_is_left(edge: Edge) -> None:
    tag = put_in(edge, 20_000, email="a" * 200 + "@example.com")
    headers = bearer(subject=str(ObjectId()))
    ask = f"GET {PATH}?format=csv&tag={tag} HTTP/1.1\r\nHost: a\r\n"
    ask += f"Authorization: {headers['Authorization']}\r\n\r\n"
    lines = []
    for _ in range(MOST_OF_ONE):
        reader, writer = await connect(edge)
        writer.write(ask.encode())
        assert b"200" in await reader.readline()
        lines.append(writer)
    path = f"{PATH}?format=csv&tag={tag}"
    status, said_headers, said = await send(edge, "GET", path, headers=headers)
    assert (status, code_of(said)) == (429, "RATE_LIMITED")
    assert int(said_headers["retry-after"]) > 0
    await leave(lines.pop())
    async with asyncio.timeout(PATIENCE):
        while True:
            async with edge.http.get(path, headers=headers) as response:
                if response.status == 200:
                    assert len((await response.text()).splitlines()) == 20_001
                    break
    await leave(lines.pop())


async def test_an_export_that_is_stopped_is_not_taken_for_the_whole(
    mongod: Mongod, redis_server: Redis, tmp_path: Path
) -> None:
    async with serving(mongod, redis_server, tmp_path / "log") as edge:
        tag = put_in(edge, 20_000, email="a" * 200 + "@example.com")
        params = {"format": "csv", "tag": tag}
        async with edge.http.get(PATH, params=params, headers=bearer()) as response:
            assert response.status == 200
            assert await response.content.read(10)
            edge.api.stop(30)
            with pytest.raises(aiohttp.ClientError):
                await response.read()
    until(lambda: any(line["event"] == "export.cut" for line in edge.log()))
