"""A client as it is asked for, and everything that can be wrong with that."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core import clock
from core.errors import Checklist
from models.client import Client
from rules import addresses, locale

WAYS: Mapping[str, Callable[[object], str]] = {"email": addresses.email, **addresses.HANDLES}
"""What a client may be reached by beside its phone, each with its rule."""


@dataclass(frozen=True, slots=True)
class NewClient:
    """A client as it was said to us. Without `operator_code` it is read off the phone."""

    phone: str
    operator_code: str | None = None
    tags: tuple[str, ...] = ()
    time_zone: str = "UTC"
    email: str | None = None
    telegram: str | None = None
    whatsapp: str | None = None
    viber: str | None = None
    locale: str | None = None


def check(new: NewClient) -> Client:
    """The client to store; raises InvalidInput with every mistake."""
    checks = Checklist()
    phone = checks.take("phone", addresses.phone, new.phone)
    code = new.operator_code
    if code is not None:
        code = checks.take("operatorCode", addresses.operator_code, code)
    tags = checks.take("tags", addresses.tags, new.tags)
    zone = checks.take("timeZone", addresses.time_zone, new.time_zone)
    ways: dict[str, Any] = {way: getattr(new, way) for way in WAYS}
    for way, said in ways.items():
        ways[way] = None if said is None else checks.take(way, WAYS[way], said)
    tag = None if new.locale is None else checks.take("locale", locale.locale, new.locale)
    checks.close()
    assert phone is not None
    assert zone is not None
    now = clock.now()
    return Client(
        phone=phone,
        operator_code=code or addresses.operator_code_of(phone),
        tags=list(tags or ()),
        time_zone=zone,
        locale=tag,
        created_at=now,
        updated_at=now,
        **ways,
    )
