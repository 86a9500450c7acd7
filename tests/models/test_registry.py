import importlib
import inspect
import pkgutil
from collections.abc import AsyncIterator
from typing import Any

import pytest
from beanie import Document
from bson import Int64
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

import models
from core import mongo
from models import registry
from models.client import Client
from models.message import Message


@pytest.fixture
async def database(database_uri: str) -> AsyncIterator[AsyncDatabase[dict[str, Any]]]:
    client = mongo.connect(database_uri)
    await registry.prepare(mongo.database(client))
    yield mongo.database(client)
    await client.close()


def test_every_document_is_registered() -> None:
    found = {
        member
        for module in pkgutil.iter_modules(models.__path__, "models.")
        for member in vars(importlib.import_module(module.name)).values()
        if inspect.isclass(member) and issubclass(member, Document) and member is not Document
    }
    assert found == set(registry.DOCUMENTS)


async def test_each_document_has_a_collection_with_its_indexes(
    database: AsyncDatabase[dict[str, Any]],
) -> None:
    for document in registry.DOCUMENTS:
        asked = {index.document["name"] for index in getattr(document.Settings, "indexes", ())}
        made = await document.get_pymongo_collection().index_information()
        assert set(made) - {"_id_"} == asked
        assert document.get_pymongo_collection().database.name == database.name


async def test_preparing_again_changes_nothing(database: AsyncDatabase[dict[str, Any]]) -> None:
    before = await Message.get_pymongo_collection().index_information()
    await registry.prepare(database)
    assert await Message.get_pymongo_collection().index_information() == before


async def test_a_phone_belongs_to_one_client(database: AsyncDatabase[dict[str, Any]]) -> None:
    clients = Client.get_pymongo_collection()
    await clients.insert_one({"phone": "79991234567"})
    with pytest.raises(DuplicateKeyError):
        await clients.insert_one({"phone": "79991234567"})


async def test_a_number_belongs_to_one_message_but_many_may_have_none(
    database: AsyncDatabase[dict[str, Any]],
) -> None:
    messages = Message.get_pymongo_collection()
    await messages.insert_many(
        [{"_id": 1}, {"_id": 2}, {"_id": 3, "number": None}, {"_id": 4, "number": None}]
    )
    await messages.insert_one({"_id": 5, "number": Int64(7)})
    with pytest.raises(DuplicateKeyError):
        await messages.insert_one({"_id": 6, "number": Int64(7)})


async def plan(query: dict[str, Any], sort: list[tuple[str, int]] | None = None) -> str:
    """The name of the index that MongoDB uses for the query."""
    cursor = Message.get_pymongo_collection().find(query)
    explained = await (cursor.sort(sort) if sort else cursor).explain()
    stage = explained["queryPlanner"]["winningPlan"]
    stage = stage.get("queryPlan", stage)
    while "inputStage" in stage:
        stage = stage["inputStage"]
    return str(stage.get("indexName", stage["stage"]))


async def test_due_rows_are_found_by_an_index_of_pending_ones_only(
    database: AsyncDatabase[dict[str, Any]],
) -> None:
    due = {"status": "pending", "due_at": {"$lte": 1}}
    assert await plan({"mailing_id": None, "channel": "email", **due}) == "pending"


async def test_leases_that_ran_out_are_found_by_an_index_of_claimed_rows_only(
    database: AsyncDatabase[dict[str, Any]],
) -> None:
    assert await plan({"status": "sending", "lease.until": {"$lt": 1}}) == "leased"


@pytest.mark.parametrize("query", [{}, {"status": {"$in": ["sent", "failed"]}}])
async def test_the_messages_of_a_mailing_are_paged_by_an_index_without_sorting(
    database: AsyncDatabase[dict[str, Any]], query: dict[str, Any]
) -> None:
    cursor = Message.get_pymongo_collection().find({"mailing_id": 1, **query}).sort([("_id", 1)])
    explained = await cursor.limit(10).explain()
    assert "SORT'" not in str(explained["queryPlanner"]["winningPlan"])
