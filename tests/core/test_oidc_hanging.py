"""An OpenID Connect provider that takes codes and answers nothing (M19)."""

import asyncio

import pytest

from core import oidc
from core.refusal import Refusal
from tests.core.test_oidc import issuer, provider, refusal, signed_in
from tests.issuer import Issuer

__all__ = ["issuer"]


async def test_a_provider_that_hangs_holds_few_connections_and_nobody_for_long(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc, "MOST_EXCHANGES", 2)
    monkeypatch.setattr(oidc, "EXCHANGE_SECONDS", 0.5)
    held: list[int] = [0]

    async def hang() -> None:
        held.append(held[-1] + 1)
        try:
            await asyncio.Event().wait()
        finally:
            held.append(held[-1] - 1)

    issuer.delay = hang
    own = provider(issuer)
    whys = await asyncio.gather(*(refusal(issuer, own) for _ in range(8)))
    assert set(whys) == {Refusal.AWAY}
    assert max(held) <= 2
    issuer.delay = None
    assert (await signed_in(issuer, own))["sub"] == "ann", "its places are free again"
