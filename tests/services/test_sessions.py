"""Sessions of the console: opened, used by many tabs, stolen, ended (M19)."""

import asyncio
from datetime import timedelta

import pytest
import time_machine

from core import clock
from core.errors import Unauthenticated
from core.parts import Parts
from core.settings import Settings, load
from models.session import Session
from rules import session as rules
from rules.roles import Role
from services import sessions
from services.sessions import Person
from tests.services.conftest import Happened

ANN = Person("ann", "Ann Ringer", Role.OPERATOR)
ID_TOKEN = "an.id.token"
HOURS, IDLE = 7.0, 45.0
"""As the settings here say, and not by default."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    said = settings.model_dump(include=settings.model_fields_set)
    said |= {"jwt_secret": "s" * 40, "session_hours": HOURS, "session_idle_minutes": IDLE}
    return load(_env_file=None, **said)


async def opened(parts: Parts) -> str:
    own, _ = await sessions.open_session(parts, ANN, ID_TOKEN)
    return own


async def only() -> Session:
    (found,) = await Session.find_all().to_list()
    return found


async def test_a_token_is_short_and_says_who_it_is(parts: Parts) -> None:
    fresh = await sessions.fresh(parts, await opened(parts))
    claims = await parts.verifier.verify(fresh.token)
    assert (claims.subject, claims.roles) == ("ann", ("operator",))
    assert claims.expires_at == fresh.expires_at
    assert claims.expires_at - clock.now() <= rules.TOKEN_LIFETIME


async def test_the_database_could_sign_in_nobody(parts: Parts) -> None:
    own = await opened(parts)
    row = await Session.get_pymongo_collection().find_one({})
    assert own not in str(row)
    assert ID_TOKEN not in str(row)
    assert sessions.id_token(parts, await only()) == ID_TOKEN
    for said in (None, "", "x" * 10_000, "ä", str((await only()).id)):
        assert await sessions.find(said) is None
        with pytest.raises(Unauthenticated):
            await sessions.fresh(parts, said)


async def test_the_id_changes_and_the_former_opens_only_for_a_moment(
    parts: Parts, happened: Happened
) -> None:
    first = await opened(parts)
    second = (await sessions.fresh(parts, first)).new_id
    assert second not in (None, first)
    # An answer that was lost is given again; the one that arrived is still good.
    assert (await sessions.fresh(parts, first)).new_id == second
    assert (await sessions.fresh(parts, second)).new_id is None
    with time_machine.travel(clock.now() + rules.GRACE + timedelta(seconds=1)):
        third = (await sessions.fresh(parts, second)).new_id
        assert third not in (None, first, second)
        assert await sessions.current(first) is None
        assert await sessions.current(third), "who only looks harms nobody"
    with time_machine.travel(clock.now() + 3 * rules.GRACE):
        assert await sessions.current(second) is None
        with pytest.raises(Unauthenticated):
            await sessions.fresh(parts, second)
        assert await sessions.find(third) is None, "a former id after its grace ends the session"
    closed = [said for name, said in happened if name == "session.closed"]
    assert [said["reason"] for said in closed] == ["its former id was used"]


async def test_who_stole_an_id_and_went_on_from_it_is_found_out(
    parts: Parts, happened: Happened
) -> None:
    own = stolen = await opened(parts)
    for rounds in range(1, 5):
        with time_machine.travel(clock.now() + rounds * (rules.GRACE + timedelta(seconds=1))):
            stolen = (await sessions.fresh(parts, stolen)).new_id or stolen
    with time_machine.travel(clock.now() + 5 * rules.GRACE):
        with pytest.raises(Unauthenticated):
            await sessions.fresh(parts, own)
        with pytest.raises(Unauthenticated):
            await sessions.fresh(parts, stolen)
    assert happened[-1][1]["reason"] == "its former id was used"


async def test_tabs_that_ask_at_once_keep_each_other_signed_in(parts: Parts) -> None:
    own = await opened(parts)
    answers = await asyncio.gather(*(sessions.fresh(parts, own) for _ in range(8)))
    (new_id,) = {answer.new_id for answer in answers}
    assert new_id is not None
    assert (await sessions.fresh(parts, new_id)).session.subject == "ann"


async def test_who_does_nothing_is_signed_out(parts: Parts) -> None:
    own = await opened(parts)
    with time_machine.travel(clock.now() + timedelta(minutes=IDLE, seconds=1)):
        assert await sessions.find(own) is None
        with pytest.raises(Unauthenticated):
            await sessions.fresh(parts, own)


async def test_who_goes_on_and_on_is_signed_out_in_the_end(parts: Parts) -> None:
    own = await opened(parts)
    began = clock.now()
    for minutes in range(30, int(HOURS * 60), 30):
        with time_machine.travel(began + timedelta(minutes=minutes)):
            own = (await sessions.fresh(parts, own)).new_id or own
    with time_machine.travel(began + timedelta(hours=HOURS, minutes=-2)):
        fresh = await sessions.fresh(parts, own)
        assert fresh.expires_at <= (await only()).last_at, "nor does a token outlive it"
    with (
        time_machine.travel(began + timedelta(hours=HOURS, seconds=1)),
        pytest.raises(Unauthenticated),
    ):
        await sessions.fresh(parts, fresh.new_id or own)


async def test_a_session_that_was_removed_is_over(parts: Parts) -> None:
    own = await opened(parts)
    await Session.get_pymongo_collection().delete_many({})
    with pytest.raises(Unauthenticated, match="sign in again"):
        await sessions.fresh(parts, own)


async def test_who_signs_out_is_out_and_that_is_on_record(parts: Parts, happened: Happened) -> None:
    own = await opened(parts)
    closed = await sessions.close(own, "signed out")
    assert closed is not None
    assert await sessions.close(own, "signed out") is None
    said = {"session_id": str(closed.id), "subject": "ann"}
    assert happened == [
        ("session.opened", {**said, "role": Role.OPERATOR}),
        ("session.closed", {**said, "reason": "signed out"}),
    ]


async def test_an_id_token_that_no_url_could_carry_is_not_kept(parts: Parts) -> None:
    await sessions.open_session(parts, ANN, "x" * 20_000)
    assert sessions.id_token(parts, await only()) is None
    await Session.get_pymongo_collection().delete_many({})
    await sessions.open_session(parts, ANN, "x" * sessions.LONGEST_KEPT)
    assert sessions.id_token(parts, await only()) == "x" * sessions.LONGEST_KEPT
