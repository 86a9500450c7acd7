"""The launch check through the front door."""

from typing import Any

from bson import ObjectId

from tests.graph.conftest import Edge

ADD = """mutation ($clients: [CreateClientInput!]!) {
    createClients(input: {clients: $clients}) { results { errors { code } } } }"""
SPREAD = "total channels { channel reachable } timeZones { timeZone clients }"
AUDIENCE = f"query ($filter: AudienceInput!) {{ audience(filter: $filter) {{ {SPREAD} }} }}"
PREVIEW = f"""query ($input: CreateMailingInput!) {{ mailingPreview(input: $input) {{
    errors {{ field code }}
    preview {{ audience {{ {SPREAD} }} messages expectedFinish unsent warnings
        samples {{ client {{ phone timeZone }} channel address subject text dueAt }} }} }} }}"""
NOON = "2099-06-01T12:00:00.000Z"


async def add_clients(edge: Edge) -> str:
    """Three clients with a tag of their own."""
    tag = str(ObjectId())
    number = int(tag[-8:], 16)
    clients: list[dict[str, Any]] = [
        {"phone": f"7{9_000_000_000 - number * 3 % 10**9 + place}", "tags": [tag]}
        for place in range(3)
    ]
    clients[0] |= {"email": "a@example.com", "timeZone": "Asia/Tokyo"}
    added = await edge.data(ADD, {"clients": clients})
    assert all(not one["errors"] for one in added["createClients"]["results"])
    return tag


def mailing(tag: str, **said: Any) -> dict[str, Any]:
    basic = {"name": "News", "text": "Come!", "startAt": NOON, "endAt": "2099-06-03T12:00:00Z"}
    return {**basic, "audience": {"tags": [tag]}, **said}


async def test_an_audience_is_counted(edge: Edge) -> None:
    tag = await add_clients(edge)
    found = await edge.data(AUDIENCE, {"filter": {"tags": [tag]}})
    assert found["audience"] == {
        "total": 3,
        "channels": [
            {"channel": "SENDING_API", "reachable": 3},
            {"channel": "EMAIL", "reachable": 1},
            *({"channel": each, "reachable": 0} for each in ("TELEGRAM", "WHATSAPP", "VIBER")),
        ],
        "timeZones": [
            {"timeZone": "UTC", "clients": 2},
            {"timeZone": "Asia/Tokyo", "clients": 1},
        ],
    }


async def test_an_audience_that_is_none_is_bad_user_input(edge: Edge) -> None:
    for wrong in ({}, {"all": True, "tags": ["x"]}, {"operatorCodes": ["9"]}):
        (error,) = (await edge.ask(AUDIENCE, {"filter": wrong}))["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert error["message"].startswith("filter")


async def test_a_preview_says_what_a_mailing_would_do(edge: Edge) -> None:
    tag = await add_clients(edge)
    window = {"from": "09:00", "to": "20:00"}
    given = mailing(tag, channels=["SENDING_API", "EMAIL"], window=window)
    payload = (await edge.data(PREVIEW, {"input": given}))["mailingPreview"]
    found = payload["preview"]
    assert payload["errors"] == []
    assert (found["audience"]["total"], found["messages"], found["unsent"]) == (3, 4, 0)
    assert found["expectedFinish"] >= "2099-06-02T00:00:00"
    assert found["warnings"] == ["2 of 3 clients have no email for email"]
    samples = {(one["client"]["timeZone"], one["channel"]): one for one in found["samples"]}
    email = samples["Asia/Tokyo", "EMAIL"]
    assert (email["address"], email["subject"]) == ("a@example.com", "News")
    assert email["dueAt"] == "2099-06-02T00:00:00.000Z"
    plain = samples["UTC", "SENDING_API"]
    assert (plain["subject"], plain["text"], plain["dueAt"]) == (None, "Come!", NOON)
    listed = await edge.data("{ mailings(first: 100) { nodes { audience { tags } } } }")
    assert {"audience": {"tags": [tag]}} not in listed["mailings"]["nodes"]


async def test_the_mistakes_of_a_mailing_show_in_its_preview(edge: Edge) -> None:
    given = mailing("x", name="", endAt=NOON)
    payload = (await edge.data(PREVIEW, {"input": given}))["mailingPreview"]
    assert payload["preview"] is None
    assert payload["errors"] == [
        {"field": "name", "code": "BLANK"},
        {"field": "endAt", "code": "INVALID"},
    ]
