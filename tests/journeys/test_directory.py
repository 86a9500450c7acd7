"""The directory of clients, and mailings as their operators keep them (M1, M2)."""

from typing import Any

from tests.journeys.conftest import House, moment
from tests.journeys.test_mailing import finished, mail, rows

CLIENT = "client { id phone operatorCode tags timeZone email } errors { field code }"
ADD = f"mutation ($input: CreateClientInput!) {{ createClient(input: $input) {{ {CLIENT} }} }}"
CHANGE = f"mutation ($input: UpdateClientInput!) {{ updateClient(input: $input) {{ {CLIENT} }} }}"
REMOVE = f"mutation ($id: ID!) {{ deleteClient(input: {{id: $id}}) {{ {CLIENT} }} }}"
ONE = "query ($id: ID!) { client(id: $id) { id phone operatorCode tags timeZone email } }"
LIST = """query ($after: String, $filter: ClientFilterInput) {
  clients(first: 2, after: $after, filter: $filter) {
    totalCount pageInfo { hasNextPage endCursor } nodes { phone }
  }
}"""
MAILINGS = """query ($after: String, $statuses: [MailingStatus!]) {
  mailings(first: 2, after: $after, statuses: $statuses) {
    totalCount pageInfo { hasNextPage endCursor } nodes { name status }
  }
}"""
RETIME = """mutation ($input: UpdateMailingInput!) {
  updateMailing(input: $input) { mailing { name version } errors { field code } }
}"""
DELETE = "mutation ($id: ID!) { deleteMailing(input: {id: $id}) { errors { field code } } }"


async def everything(house: House, query: str, root: str, **variables: Any) -> list[Any]:
    """The nodes of all pages, in order; each page says the same total."""
    nodes: list[Any] = []
    after = None
    while True:
        page = (await house.ask(query, after=after, **variables))[root]
        nodes += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            assert page["totalCount"] == len(nodes)
            return nodes


async def phones(house: House, **wanted: Any) -> list[str]:
    found = await everything(house, LIST, "clients", filter=wanted)
    return [client["phone"] for client in found]


async def test_clients_are_added_changed_found_and_removed(house: House) -> None:
    given = [
        {"phone": "79001112233", "tags": ["vip", "riga"], "timeZone": "Europe/Riga"},
        {"phone": "79011112233", "tags": ["vip"], "email": "b@example.com"},
        {"phone": "79021112233", "operatorCode": "900"},
        {"phone": "79031112233", "tags": ["riga"]},
        {"phone": "79041112233"},
    ]
    added = [(await house.ask(ADD, input=one))["createClient"] for one in given]
    assert [one["errors"] for one in added] == [[]] * 5
    first, second, *_ = (one["client"] for one in added)
    assert first["operatorCode"] == "900"
    assert (second["phone"], second["timeZone"]) == ("79011112233", "UTC")

    assert await phones(house) == [one["client"]["phone"] for one in added]
    assert await phones(house, tags=["vip"]) == ["79001112233", "79011112233"]
    assert await phones(house, tags=["vip", "riga"], operatorCodes=["900", "903"]) == [
        "79001112233",
        "79031112233",
    ]
    assert await phones(house, operatorCodes=["900"]) == ["79001112233", "79021112233"]
    assert await phones(house, timeZones=["Europe/Riga"]) == ["79001112233"]
    assert await phones(house, phone="79041112233") == ["79041112233"]

    taken = (await house.ask(ADD, input={"phone": "79001112233"}))["createClient"]
    assert taken == {"client": None, "errors": [{"field": "phone", "code": "TAKEN"}]}
    wrong = {"phone": "123", "timeZone": "Mars/Phobos", "email": "nobody"}
    refused = (await house.ask(ADD, input=wrong))["createClient"]["errors"]
    assert {(at["field"], at["code"]) for at in refused} == {
        ("phone", "INVALID"),
        ("timeZone", "INVALID"),
        ("email", "INVALID"),
    }

    # What is absent stays, and null takes away.
    change = {"id": second["id"], "tags": ["new"], "email": None}
    changed = (await house.ask(CHANGE, input=change))["updateClient"]
    assert changed == {"client": {**second, "tags": ["new"], "email": None}, "errors": []}
    assert (await house.ask(ONE, id=second["id"]))["client"] == changed["client"]

    assert (await house.ask(REMOVE, id=first["id"]))["deleteClient"]["errors"] == []
    assert (await house.ask(ONE, id=first["id"]))["client"] is None
    again = (await house.ask(REMOVE, id=first["id"]))["deleteClient"]["errors"]
    assert again == [{"field": "id", "code": "NOT_FOUND"}]
    assert len(await phones(house)) == 4


async def test_a_mailing_reaches_whom_its_filter_names_and_lists_by_status(house: House) -> None:
    house.worker()
    for phone, tags in (("79001112233", ["a"]), ("79011112233", ["b"]), ("79021112233", ["a"])):
        await house.ask(ADD, input={"phone": phone, "tags": tags})
    chosen = {"operatorCodes": ["900", "901"], "tags": ["a"]}
    started = await mail(house, name="now", audience=chosen)
    later = [await mail(house, name=f"later {n}", startAt=moment(300)) for n in range(3)]
    assert await finished(house, started) == {"total": 1, "sent": 1}
    (row,) = await rows(house, started)
    assert row["address"] == "79001112233"

    names = [one["name"] for one in await everything(house, MAILINGS, "mailings")]
    assert names == ["later 2", "later 1", "later 0", "now"]
    scheduled = await everything(house, MAILINGS, "mailings", statuses=["SCHEDULED"])
    assert [one["name"] for one in scheduled] == names[:3]
    done = await everything(house, MAILINGS, "mailings", statuses=["FINISHED", "CANCELLED"])
    assert [one["name"] for one in done] == ["now"]

    answer = await house.ask(RETIME, input={"id": later[0], "name": "renamed"})
    assert answer["updateMailing"] == {"mailing": {"name": "renamed", "version": 2}, "errors": []}
    late = (await house.ask(RETIME, input={"id": started, "text": "too late"}))["updateMailing"]
    assert late["errors"] == [{"field": "id", "code": "NOT_ALLOWED_NOW"}]
    assert (await house.ask(DELETE, id=later[1]))["deleteMailing"]["errors"] == []
    names = [one["name"] for one in await everything(house, MAILINGS, "mailings")]
    assert names == ["later 2", "renamed", "now"]
