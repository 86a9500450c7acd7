"""Processes that die at each place where something is written, and what is left of their work."""

import asyncio
import importlib
import pkgutil
import signal
import time
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from bson import ObjectId

import services
from core import clock, failpoints, mongo, tokens
from graph import ids
from local.faults import Faults
from local.ports import LOOPBACK, free_port
from models.mailing import LocalWindow
from rules.message import RETRYABLE
from tests import factories
from tests.faults import desk
from tests.faults.building import SECRET
from tests.faults.house import House, told
from tests.faults.scene import eventually
from tests.processes import Api, Service

ROOMS = [module.name for module in pkgutil.iter_modules(services.__path__)]
for room in ROOMS:
    importlib.import_module(f"services.{room}")

ELSEWHERE = (
    *("audit.", "erasing.", "erasures.", "idempotency.", "imports.", "migrations.", "reports."),
    "restoring.",
    *("retention.", "rollups.", "users."),
)
"""Places that no worker comes to while it sends; the tests of these die there."""
PLACES = sorted(
    place
    for place in failpoints.places()
    if place.partition(".")[0] in ROOMS and not place.startswith(ELSEWHERE)
)
BOTH = ("sending_api", "email")
TURNS = 60
"""After so many rounds of work a place that was not reached never will be."""
MOST_LEFT = 100
"""Messages that a round may leave to the next one, which makes 200."""
OF_REQUESTS = ("closing.", "retries.")
"""Modules whose places requests come to as well."""


def test_there_are_places_to_die_at() -> None:
    assert len(PLACES) > 15
    assert any(place.startswith(OF_REQUESTS) for place in PLACES)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("places", [PLACES[start::2] for start in range(2)], ids=" ".join)
async def test_a_worker_that_dies_at_any_place_loses_nothing(
    house: House, places: list[str]
) -> None:
    await house.stop()
    doomed = {place: doom(house, place) for place in places}
    await eventually(lambda: all(told(worker)["worker.started"] for worker in doomed.values()))
    for turn in range(TURNS):
        await stir(house, turn)
        await catch_up(house, doomed.values())
        if all(map(is_dead, doomed.values())):
            break
    assert {place for place, worker in doomed.items() if worker.alive} == set(), "never reached"
    assert {worker.code for worker in doomed.values()} == {-signal.SIGKILL}
    await house.staffed()
    await house.ends_well()


def doom(house: House, place: str) -> Service:
    """A worker that will die at a place."""
    return house.worker(BELFRY_TESTING="1", BELFRY_FAIL_AT=place)


def is_dead(process: Service) -> bool:
    return not process.alive


async def stir(house: House, turn: int) -> None:
    """Something of everything that a worker does."""
    # arq's locks of jobs that died are a story of their own; see test_workers.
    await house.parts.redis.flushall()
    tag = f"turn-{turn}"
    house.outside.faults = Faults(seed=turn, error_rate=0.1, refuse_rate=0.1)
    await factories.clients(40, 40 * turn, partial(by_turns, tag))
    plain = await desk.create(house, tags=(tag,), channels=BOTH)
    over = clock.now() + timedelta(seconds=1.2)
    await desk.create(house, tags=(tag,), end_at=over)
    now = clock.now()
    shut = LocalWindow(opens=hour(now, 2), closes=hour(now, 3))
    waiting = await desk.create(house, tags=(tag,), window=shut)
    await pass_time(house, 0.6)
    await orphan(house)
    await desk.edit(house, waiting, window=LocalWindow(opens=hour(now, -2), closes=hour(now, 2)))
    await desk.retry(house, plain, clock.now() + timedelta(hours=1))
    await abandon_retry(house, plain)
    house.outside.faults = Faults(down="503")
    await desk.create(house, tags=(tag,))
    await pass_time(house, 0.6)
    house.outside.faults = Faults(seed=turn, error_rate=0.1, refuse_rate=0.1)
    await pass_time(house, 0.8)


async def catch_up(house: House, doomed: Collection[Service]) -> None:
    """Wait until those who are left have done most of what there is, lest ever more pile up."""

    async def is_over() -> bool:
        await house.hurry()
        return all(map(is_dead, doomed)) or (await house.left()).total() < MOST_LEFT

    with suppress(TimeoutError):
        await eventually(is_over)


async def orphan(house: House) -> None:
    """Leave some rows as a worker leaves them that died right after its claim, long ago."""
    rows = mongo.database(house.parts.mongo)["messages"]
    lease = {"token": uuid4(), "until": clock.now() - timedelta(seconds=1), "worker": "dead"}
    for _ in range(3):
        await rows.update_one(
            {"status": "pending"}, {"$set": {"status": "sending", "lease": lease}}
        )


async def abandon_retry(house: House, mailing_id: ObjectId) -> None:
    """Leave a retry as a request leaves it that died right after it had asked for that."""
    asked = {"statuses": sorted(RETRYABLE), "before": clock.now(), "after": None}
    mailings = mongo.database(house.parts.mongo)["mailings"]
    await mailings.update_one({"_id": mailing_id, "settled": False}, {"$set": {"retrying": asked}})


async def pass_time(house: House, seconds: float) -> None:
    """Let what waits to be tried again be tried over and over."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        await house.hurry()
        await asyncio.sleep(0.1)


def by_turns(tag: str, number: int) -> dict[str, Any]:
    """Clients of a turn, some of whom have an address."""
    return {"tags": [tag], "email": f"c{number}@example.com" if number % 4 else None}


def hour(now: datetime, shift: int) -> str:
    return (now + timedelta(hours=shift)).strftime("%H:%M")


CANCEL = "mutation ($id: ID!) { cancelMailing(input: {id: $id}) { errors { code } } }"
RETRY = "mutation ($id: ID!) { retryMessages(input: {mailingId: $id}) { errors { code } } }"


async def test_an_api_that_dies_at_any_place_loses_nothing(house: House) -> None:
    await house.staffed()
    await factories.clients(60, said=factories.with_email)
    house.outside.faults = Faults(seed=1, refuse_rate=0.3)
    finished = await desk.create(house)
    await house.over()
    house.outside.faults = Faults(down="503")
    for place in (place for place in PLACES if place.startswith(OF_REQUESTS)):
        running = await desk.create(house, channels=BOTH)
        await eventually(partial(is_launched, house, running))
        if place.startswith("retries."):
            await ask_one_that_dies(house, place, RETRY, finished)
        else:
            await ask_one_that_dies(house, place, CANCEL, running)
    await house.heal()
    await house.ends_well()


async def ask_one_that_dies(house: House, place: str, asked: str, mailing_id: ObjectId) -> None:
    """Start an API, ask it for what leads to the place, and see it die without an answer."""
    port = free_port()
    settings = {"PORT": str(port), "BELFRY_TESTING": "1", "BELFRY_FAIL_AT": place}
    api = Api(house.folder / f"api-{place}.log", {**house.environment, **settings}, port)
    api.launch()
    await asyncio.to_thread(api.wait_ready)
    token = tokens.sign(SECRET, desk.CALLER, "admin", timedelta(hours=1))
    body = {"query": asked, "variables": {"id": ids.opaque("Mailing", mailing_id)}}
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as http:
        with pytest.raises(aiohttp.ClientError):
            await http.post(f"http://{LOOPBACK}:{port}/graphql", json=body)
    await eventually(lambda: is_dead(api))
    assert api.code == -signal.SIGKILL


async def is_launched(house: House, mailing_id: ObjectId) -> bool:
    mailings = mongo.database(house.parts.mongo)["mailings"]
    row = await mailings.find_one({"_id": mailing_id, "launch.expanded": True})
    return row is not None
