"""Whose operations are counted together, and by which limit."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

import pytest

from core.errors import RateLimited
from core.parts import Parts, open_parts
from core.settings import load
from graph.context import Context
from graph.gate import admit
from rules.roles import Principal, Role

LIMITS = {
    "rate_limit_per_minute": 5_000,
    "rate_limit_subscriber_per_minute": 300,
    "rate_limit_anonymous_per_minute": 7,
}


@pytest.fixture
async def parts(database_uri: str, redis_url: str) -> AsyncIterator[Parts]:
    async with open_parts(
        load(_env_file=None, db_uri=database_uri, redis_url=redis_url, **LIMITS)
    ) as parts:
        yield parts


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever asks."""

    subject: str = ""
    role: Role | None = None
    peer: str | None = None

    def context(self, parts: Parts) -> Context:
        ends: datetime | None = None
        principal = Principal(self.subject, self.role, ends) if self.role else None
        return Context(parts, principal, peer=self.peer)


@pytest.mark.parametrize(
    ("caller", "limit"),
    [
        (Caller("a", Role.SUBSCRIBER), 300),
        (Caller("a", Role.SENDER), 5_000),
        (Caller("a", Role.OPERATOR), 5_000),
        (Caller("a", Role.ADMIN), 5_000),
        (Caller(peer="192.0.2.1"), 7),
    ],
)
async def test_the_limit_is_that_of_the_role(parts: Parts, caller: Caller, limit: int) -> None:
    allowance = await admit(caller.context(parts))
    assert allowance is not None
    assert (allowance.limit, allowance.remaining) == (limit, limit - 1)


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        (Caller("a", Role.SENDER, "192.0.2.1"), Caller("a", Role.SENDER, "192.0.2.2"), True),
        (Caller("a", Role.SENDER), Caller("b", Role.SENDER), False),
        (Caller("a", Role.SENDER), Caller("a", Role.ADMIN), False),
        (Caller(peer="192.0.2.1"), Caller(peer="192.0.2.1"), True),
        (Caller(peer="192.0.2.1"), Caller(peer="192.0.2.2"), False),
        (Caller(peer="192.0.2.1"), Caller(peer="::ffff:192.0.2.1"), True),
        (Caller(peer="2001:db8::1"), Caller(peer="2001:db8::dead:beef"), True),
        (Caller(peer="2001:db8::1"), Caller(peer="2001:db8:0:1::1"), False),
        (Caller(peer="fe80::1%eth0"), Caller(peer="fe80::1"), True),
        (Caller(peer="somewhere"), Caller(peer="elsewhere"), False),
    ],
)
async def test_callers_are_counted_by_whom_they_are(
    parts: Parts, one: Caller, other: Caller, together: bool
) -> None:
    first, second = await admit(one.context(parts)), await admit(other.context(parts))
    assert first is not None
    assert second is not None
    assert second.remaining == second.limit - 1 - together


async def test_an_address_that_nobody_knows_is_not_limited(parts: Parts) -> None:
    for _ in range(LIMITS["rate_limit_anonymous_per_minute"] * 2):
        assert await admit(Caller().context(parts)) is None


async def test_who_has_none_left_is_refused_with_what_to_wait(parts: Parts) -> None:
    context = Caller(peer="192.0.2.9").context(parts)
    for _ in range(LIMITS["rate_limit_anonymous_per_minute"]):
        await admit(context)
    with pytest.raises(RateLimited) as refused:
        await admit(context)
    assert refused.value.allowance.limit == 7
    assert refused.value.allowance.remaining == 0
    assert 1 <= refused.value.allowance.retry_after <= 9


async def test_a_limit_of_zero_is_none(database_uri: str, redis_url: str) -> None:
    settings = load(
        _env_file=None,
        db_uri=database_uri,
        redis_url=redis_url,
        rate_limit_per_minute=0,
        rate_limit_subscriber_per_minute=0,
        rate_limit_anonymous_per_minute=0,
    )
    async with open_parts(settings) as parts:
        for caller in (Caller("a", Role.ADMIN), Caller("a", Role.SUBSCRIBER), Caller(peer="::1")):
            assert await admit(caller.context(parts)) is None
