"""What befalls the hosts of the database."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from bson import ObjectId
from pymongo import WriteConcern
from pymongo.errors import AutoReconnect, PyMongoError

from core import mongo
from tests.cluster.cluster import Cluster
from tests.cluster.load import Load
from tests.cluster.replicas import STEP_DOWN_SECONDS, Replica, is_primary, seldom


async def primary_steps_down(load: Load) -> None:
    """A primary is told to let another lead, as before an upgrade."""
    replicas = load.cluster.replicas
    async with load.calm:
        former = await replicas.primary()
        with suppress(AutoReconnect):  # it may hang up on us, too
            await former.ask("replSetStepDown", STEP_DOWN_SECONDS, secondaryCatchUpPeriodSecs=2)
        await replicas.primary(but=former)
        await load.writes()
    await replicas.whole()


async def primary_dies(load: Load) -> None:
    """A primary is killed, and comes back after another has taken over."""
    former = await _without_primary(load, lambda one: one.member.kill())
    former.member.launch()
    await asyncio.to_thread(former.member.wait_ready)
    await load.cluster.replicas.hasten(former)
    await load.cluster.replicas.whole()


async def primary_cut_off(load: Load) -> None:
    """A primary's host is cut off; it leads nobody any more, and takes nothing that would be lost."""
    former = await _without_primary(load, lambda one: one.host.cut())
    former.host.heal()
    await load.cluster.replicas.whole()


async def secondary_cut_off(load: Load) -> None:
    """A secondary is cut off: nobody minds."""
    secondary, _ = await _secondaries(load.cluster)
    secondary.host.cut()
    await load.writes()
    await load.delivers()
    secondary.host.heal()
    await load.cluster.replicas.whole()


async def majority_lost(load: Load) -> None:
    """Both secondaries are cut off: writes are refused, in words that tell clients to ask again."""
    cluster = load.cluster
    async with load.calm:
        lonely = await cluster.replicas.primary()
        others = await _secondaries(cluster)
        for one in others:
            one.host.cut()
        await _shows_nothing_unsure(cluster)

        async def is_alone() -> bool:
            return not await is_primary(lonely)

        await seldom(is_alone)
        await load.writers.are_refused()
        for one in others:
            one.host.heal()
        await cluster.replicas.whole()
        await load.writes()
    await load.delivers()


async def _without_primary(load: Load, end: Callable[[Replica], None]) -> Replica:
    """Who led until that was ended, once life goes on under another."""
    replicas = load.cluster.replicas
    async with load.calm:
        former = await replicas.primary()
        end(former)
        await replicas.primary(but=former)
        await load.writes()
    await load.delivers()
    return former


async def _shows_nothing_unsure(cluster: Cluster) -> None:
    """What only a primary without a majority has, nobody is shown: it may have to be undone."""
    # No new collection: MongoDB lets such reads wait until most of the set have that.
    rows, mark = mongo.database(cluster.parts.mongo)["users"], {"_id": ObjectId()}
    with suppress(PyMongoError):  # it may have stepped down already
        await rows.with_options(write_concern=WriteConcern(1)).insert_one(mark)
        assert await rows.find_one(mark) is None, "a row was shown that no other host has"


async def _secondaries(cluster: Cluster) -> list[Replica]:
    leader = await cluster.replicas.primary()
    return [one for one in cluster.replicas.all if one is not leader]
