"""What the pictures of the console show: a shop with its customers, put there through the public API."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

USER = "65f0c3a1b2c3d4e5f6a7b8c9"
"""Whose bell `belfry up` rings."""
TEMPLATE: dict[str, Any] = {
    "slug": "order-shipped",
    "title": "Order on its way",
    "description": "Goes out when the parcel leaves the warehouse",
    "defaultLocale": "en",
    "variables": [
        {"name": "name", "type": "TEXT"},
        {"name": "order", "type": "NUMBER"},
        {"name": "arrives", "type": "DATE"},
        {"name": "gift", "type": "BOOLEAN", "default": False},
    ],
    "variants": [
        {
            "locale": "en",
            "subject": "Order {{ order }} is on its way",
            "text": "Dear {{ name }},\n\nyour order {{ order }} has left our house and arrives on {{ arrives }}."
            "{% if gift %}\n\nIt is wrapped as a gift.{% endif %}\n\nThe Tea House",
        },
        {
            "locale": "de",
            "subject": "Bestellung {{ order }} ist unterwegs",
            "text": "Guten Tag, {{ name }},\n\nIhre Bestellung {{ order }} ist am {{ arrives }} bei Ihnen.",
        },
    ],
}
NAMES = ("Ann Lee", "Boris Petrov", "Chiara Conti", "Dmitri Ivanov", "Eva Novak")


class Shop:
    """An API, as its operators use it."""

    def __init__(self, origin: str, token: str) -> None:
        self._origin, self._token = origin, token

    def do(self, mutation: str, wanted: str = "", **said: Any) -> Any:
        """One mutation; what is there already stays as it is."""
        kind = f"{mutation[0].upper()}{mutation[1:]}Input"
        query = (
            f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ {wanted} __typename }} }}"
        )
        return self.ask(query, input=said)[mutation]

    def ask(self, query: str, **variables: Any) -> Any:
        """The data of one operation."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        request = Request(f"{self._origin}/graphql", body, headers)  # noqa: S310 - this machine's
        with build_opener(ProxyHandler({})).open(request, timeout=60) as response:
            answer = json.load(response)
        assert "errors" not in answer, answer
        return answer["data"]


def furnish(shop: Shop, now: datetime) -> str:
    """Put it all there; the id of a mailing that runs."""
    zones = ("Europe/Riga", "Europe/Berlin", "Asia/Tokyo")
    clients = [
        {
            "phone": f"7999{at:07d}",
            "tags": [("regular", "new", "wholesale")[at % 3]],
            "timeZone": zones[at % 3],
            "email": f"customer{at}@example.com",
        }
        for at in range(999)
    ]
    shop.do("createClients", clients=clients)
    shop.do("createTemplate", **TEMPLATE)
    for name, title in (("wholesale", "Wholesale"), ("tasters", "Tasting panel")):
        shop.do("createGroup", name=name, title=title, description="Kept by the sales team")
    members = [{"phone": f"7999{at:07d}"} for at in range(0, 60, 3)]
    shop.do("addToGroup", group="tasters", members=[*members, {"userId": USER}])
    shop.do(
        "createSegment",
        name="riga-regulars",
        title="Regulars in Riga",
        filter={"tags": ["regular"], "timeZones": ["Europe/Riga"]},
    )
    shop.do(
        "createKind",
        key="order_shipped",
        email=True,
        emailIfUnreadAfter=1_800,
        title="Order {{ data.order }} is on its way",
    )
    for at, name in enumerate(NAMES):
        handles: dict[str, Any] = {
            "telegram": str(7_000_001 + at),
            "viber": f"0123456789{at}A=" if at % 2 else None,
        }
        shop.do("createContact", name=name, **handles)
    shop.do("sendToContacts", names=list(NAMES), text="The new harvest is here. Come and taste it!")
    for address in ("ann@example.com", "old@example.com"):
        shop.do("addSuppression", address=address, channel="EMAIL", note="Asked by phone")
    for name, role in (("Web shop", "SENDER"), ("Warehouse", "OPERATOR")):
        shop.do("createApiKey", name=name, role=role, idempotencyKey=f"scenery-{name}")
    for order in range(4711, 4715):
        shop.do("createNotification", userId=USER, key="order_shipped", data={"order": order})
    context = {"name": "Ann", "order": 4711, "arrives": "2026-01-31"}
    words: dict[str, Any] = {"template": {"slug": "order-shipped"}, "context": context}
    shop.do("send", to={"recipients": [{"email": "ann.lee@example.com"}]}, **words)
    shop.do("send", to={"group": "tasters"}, words={"subject": "Tea", "text": "Come and taste it!"})
    return _mailings(shop, now)


def _mailings(shop: Shop, now: datetime) -> str:
    said: dict[str, Any] = {
        "text": "Spring is here: all green teas at half the price until Sunday.",
        "audience": {"tags": ["regular", "new"]},
        "startAt": now.isoformat(),
        "endAt": (now + timedelta(hours=6)).isoformat(),
        "topic": "offers",
    }
    later = now + timedelta(days=2)
    times = {"startAt": later.isoformat(), "endAt": (later + timedelta(hours=8)).isoformat()}
    shop.do("createMailing", **{**said, "name": "Tasting on Friday", **times})
    made = shop.do("createMailing", "mailing { id }", **{**said, "name": "Spring sale"})
    identity: str = made["mailing"]["id"]
    return identity


def today() -> datetime:
    """Now, as the API takes it."""
    return datetime.now(UTC)
