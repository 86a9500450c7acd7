"""The small demo that `belfry up` seeds once, through the public API like any other client."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.request import Request, urlopen

USER_ID = "65f0c3a1b2c3d4e5f6a7b8c9"
"""The user whose bell the demo rings."""

_TIMEOUT_SECONDS = 30
_ZONES = ("Europe/Kaliningrad", "Europe/Moscow", "Asia/Yekaterinburg", "Asia/Vladivostok")
_TAGS = (["new"], ["loyal"], ["loyal", "vip"])

_NOTIFY = """mutation Notify($input: CreateNotificationsInput!) {
  createNotifications(input: $input) { results { errors { field message } } }
}"""
_ADD_CLIENTS = """mutation AddClients($input: CreateClientsInput!) {
  createClients(input: $input) { results { errors { field message code } } }
}"""
_MAIL = """mutation Mail($input: CreateMailingInput!) {
  createMailing(input: $input) { mailing { id } errors { field message } }
}"""


def seed(api_url: str, admin_token: str) -> None:
    """Add a few notifications, 60 clients and two mailings; raises OSError if the API is away.

    Idempotency keys and unique phones make a repeat after a crash add nothing twice.
    """
    _run(api_url, admin_token, _NOTIFY, {"notifications": _notifications()})
    _run(api_url, admin_token, _ADD_CLIENTS, {"clients": [_client(at) for at in range(60)]})
    for mailing in _mailings():
        _run(api_url, admin_token, _MAIL, mailing)


def _notifications() -> list[dict[str, Any]]:
    said = (
        ("registration", None),
        ("new_post", {"title": "Belfry is up", "author": "the demo"}),
        ("new_message", {"from": "Ada", "text": "Does your bell ring?"}),
        ("new_login", {"device": "a browser you know"}),
    )
    return [
        {"userId": USER_ID, "key": key, "data": data, "idempotencyKey": f"demo-{key}"}
        for key, data in said
    ]


def _client(at: int) -> dict[str, Any]:
    return {
        "phone": f"79{at % 3:02d}{at:07d}",
        "tags": _TAGS[at % len(_TAGS)],
        "timeZone": _ZONES[at % len(_ZONES)],
    }


def _mailings() -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    return [
        {
            "name": "Welcome",
            "text": "Thank you for trying Belfry.",
            "startAt": now.isoformat(),
            "endAt": (now + timedelta(hours=1)).isoformat(),
            "audience": {"tags": ["loyal"]},
            "idempotencyKey": "demo-welcome",
        },
        {
            "name": "Tomorrow's news",
            "text": "This goes off by itself.",
            "startAt": (now + timedelta(days=1)).isoformat(),
            "endAt": (now + timedelta(days=1, hours=8)).isoformat(),
            "audience": {"all": True},
            "idempotencyKey": "demo-tomorrow",
        },
    ]


def _run(api_url: str, token: str, query: str, given: dict[str, Any]) -> None:
    body = json.dumps({"query": query, "variables": {"input": given}}).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = Request(api_url, body, headers)  # noqa: S310 - the stack's own address
    with urlopen(request, timeout=_TIMEOUT_SECONDS) as response:  # noqa: S310
        answer = json.load(response)
    if answer.get("errors"):
        raise OSError(f"the API refused the demo: {answer['errors'][0]['message']}")
