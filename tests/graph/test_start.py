"""An API that can't work with its database ends, and says why."""

from pathlib import Path
from typing import Any

from pymongo import MongoClient

from local.ports import free_port
from local.processes import Api
from local.redis import Redis
from tests.graph.conftest import environment
from tests.waiting import until


def test_an_api_refuses_a_database_that_a_newer_one_has_migrated(
    database_uri: str, redis_server: Redis, tmp_path: Path
) -> None:
    with MongoClient[dict[str, Any]](database_uri) as client:
        newer = {"_id": "schema", "version": 1_000_000}
        client.get_default_database()["meta"].insert_one(newer)
    port = free_port()
    api = Api(tmp_path / "api.log", environment(database_uri, redis_server.url, port), port)
    api.launch()
    try:
        until(lambda: not api.alive, 120)
    finally:
        api.stop()
    assert api.code == 2
    assert "version 1000000, and this Belfry knows only" in api.log.read_text()
