"""Who wants no more mails gets none, by one click or by a settings page; a dead address neither (X8)."""

import re
from typing import Any

from bson import ObjectId

from tests.journeys.conftest import UNKNOWN, House, eventually, moment

KIND = """mutation ($kind: CreateKindInput!) {
  createKind(input: $kind) { kind { critical } errors { field code } } }"""
CREATE = """mutation ($input: CreateNotificationInput!) { createNotification(input: $input) {
  notification { id } muted messageId errors { code } } }"""
MESSAGE = "query ($id: ID!) { message(id: $id) { status why topic } }"
SHOW = """query ($owner: PreferencesOwnerInput!) {
  preferences(owner: $owner) { muted { topic channel } topics { key critical } } }"""
SET = """mutation ($input: SetPreferencesInput!) {
  setPreferences(input: $input) { preferences { muted { topic } } errors { code } } }"""
LISTED = """query ($address: String!) { suppressions(filter: {address: $address}) {
  nodes { reason note messageId } } }"""
REMOVE = """mutation ($address: String!) {
  removeSuppression(input: {channel: EMAIL, address: $address}) { errors { code } } }"""
CLIENT = """mutation ($client: CreateClientInput!) {
  createClient(input: $client) { client { id } errors { code } } }"""
MAILING = """mutation ($mailing: CreateMailingInput!) {
  createMailing(input: $mailing) { mailing { id } errors { field code } } }"""
PROGRESS = """query ($id: ID!) { mailing(id: $id) {
  status statistics { total sent suppressed } } }"""
LINK = re.compile(r"\r\nList-Unsubscribe: <(\S+)>\r\nList-Unsubscribe-Post: (\S+)\r\n")


async def kind(house: House, *, critical: bool = False) -> str:
    key = f"kind.{ObjectId()}"
    said = {"key": key, "inApp": True, "email": True, "title": key, "critical": critical}
    made = (await house.ask(KIND, role="operator", kind=said))["createKind"]
    assert made == {"kind": {"critical": critical}, "errors": []}
    return key


async def told(house: House, user: str, key: str) -> Any:
    given = {"userId": user, "key": key}
    return (await house.ask(CREATE, role="sender", input=given))["createNotification"]


async def ended(house: House, created: Any) -> Any:
    async def over() -> Any:
        found = (await house.ask(MESSAGE, id=created["messageId"]))["message"]
        return found if found["status"] not in ("PENDING", "SENDING") else None

    return await eventually(over)


async def subjects(house: House) -> list[str]:
    return [mail["headers"]["Subject"] for mail in await house.mails(UNKNOWN)]


async def test_one_click_ends_the_mails_of_a_kind_but_nothing_critical(house: House) -> None:
    house.worker()
    user, key, critical = str(ObjectId()), await kind(house), await kind(house, critical=True)
    first = await ended(house, await told(house, user, key))
    assert (first["status"], first["topic"]) == ("SENT", key)
    (mail,) = await house.mails(UNKNOWN)
    found = LINK.search(mail["raw"])
    assert found is not None, mail["raw"]
    url, method = found.groups()
    assert method == "List-Unsubscribe=One-Click"

    async with house.http.get(url) as page:  # as a scanner does
        assert (page.status, "Unsubscribe" in await page.text()) == (200, True)
    assert (await ended(house, await told(house, user, key)))["status"] == "SENT"
    async with house.http.post(url, data={"List-Unsubscribe": "One-Click"}) as done:
        assert done.status == 200

    created = await told(house, user, key)
    assert (created["muted"], created["notification"] is None) == (False, False)
    after = await ended(house, created)
    assert (after["status"], after["why"]) == (
        "SUPPRESSED",
        f"muted by the recipient: {key}/email",
    )
    assert (await ended(house, await told(house, user, critical)))["status"] == "SENT"
    assert await subjects(house) == [key, key, critical]
    assert not LINK.search((await house.mails(UNKNOWN))[-1]["raw"])

    owner = {"userId": user}
    shown = (await house.ask(SHOW, owner=owner))["preferences"]
    assert shown["muted"] == [{"topic": key, "channel": "EMAIL"}]
    assert {"key": critical, "critical": True} in shown["topics"]
    await house.ask(SET, input={"owner": owner, "muted": [{"topic": key, "channel": "IN_APP"}]})
    muted = await told(house, user, key)
    assert (muted["muted"], muted["notification"]) == (True, None)
    assert (await ended(house, muted))["status"] == "SENT"


async def test_an_address_that_bounced_gets_no_more_until_an_operator_lets_it(
    house: House,
) -> None:
    house.worker()
    user, key = str(ObjectId()), await kind(house, critical=True)
    faults = f"http://127.0.0.1:{house.ports['mail']}/_faults"
    knobs = {"recipients": {UNKNOWN: "550 5.1.1 no such user"}}
    async with house.http.put(faults, json=knobs) as response:
        assert response.status == 200, await response.text()
    try:
        created = await told(house, user, key)
        assert (await ended(house, created))["status"] == "UNDELIVERABLE"
    finally:
        async with house.http.put(faults, json={}) as response:
            assert response.status == 200
    (listed,) = (await house.ask(LISTED, address=UNKNOWN.upper()))["suppressions"]["nodes"]
    assert (listed["reason"], listed["messageId"]) == ("HARD_BOUNCE", created["messageId"])
    assert "no such user" in listed["note"]
    held = await ended(house, await told(house, user, key))
    assert (held["status"], held["why"]) == (
        "SUPPRESSED",
        "the address is on the suppression list: hard_bounce",
    )
    assert await house.mails(UNKNOWN) == []
    removed = await house.ask(REMOVE, role="operator", address=UNKNOWN)
    assert removed["removeSuppression"]["errors"] == []
    assert (await ended(house, await told(house, user, key)))["status"] == "SENT"


async def test_a_client_ends_the_mails_of_a_topic_by_the_link_of_a_mailing(house: House) -> None:
    house.worker()
    clients = []
    for number in (1, 2):
        address = f"{ObjectId()}@example.com"
        said = {"phone": f"7900000000{number}", "email": address}
        made = (await house.ask(CLIENT, client=said))["createClient"]
        clients.append((made["client"]["id"], address))

    async def mailed() -> Any:
        mailing = {"name": "Feast", "text": "Come!", "audience": {"all": True}, "topic": "promo"}
        mailing |= {"channels": ["EMAIL"], "startAt": moment(), "endAt": moment(3_600)}
        made = (await house.ask(MAILING, mailing=mailing))["createMailing"]
        assert made["errors"] == []

        async def finished() -> Any:
            found = (await house.ask(PROGRESS, id=made["mailing"]["id"]))["mailing"]
            return found["statistics"] if found["status"] == "FINISHED" else None

        return await eventually(finished)

    assert await mailed() == {"total": 2, "sent": 2, "suppressed": 0}
    (mail,) = await house.mails(clients[0][1])
    found = LINK.search(mail["raw"])
    assert found is not None
    async with house.http.post(found[1], data={"do": "all"}) as done:
        assert done.status == 200
    assert await mailed() == {"total": 2, "sent": 1, "suppressed": 1}
    assert [len(await house.mails(address)) for _, address in clients] == [1, 2]
    shown = (await house.ask(SHOW, owner={"clientId": clients[0][0]}))["preferences"]
    assert shown["muted"] == [{"topic": None, "channel": "EMAIL"}]
