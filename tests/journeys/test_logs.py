"""One mailing, one message and one client, followed through API, worker and provider (M23)."""

import json
from typing import Any

from typer.testing import CliRunner

import belfry
from graph import ids
from tests.journeys.conftest import STAFF, House
from tests.journeys.test_mailing import finished, mail, phone, rows

CLIENT = """mutation ($phone: String!) {
    createClient(input: {phone: $phone, tags: ["logs"]}) { client { id } } }"""


def found(logs: list[str], *about: str) -> list[dict[str, Any]]:
    """What `belfry logs` finds in them."""
    said = CliRunner().invoke(belfry.app, ["logs", *about, "--json", *logs])
    assert said.exit_code == 0, said.output
    return [json.loads(line) for line in said.stdout.splitlines()]


def named(lines: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    return [(f"{line['process']} {line['event']}", line) for line in lines]


async def test_all_about_a_mailing_a_message_and_a_client_is_found_in_the_logs(
    house: House, standing: House
) -> None:
    made = await house.ask(CLIENT, phone=phone(1))
    client = made["createClient"]["client"]["id"]
    worker = house.worker()
    mailing = await mail(house, text="Your code is 4711", audience={"tags": ["logs"]})
    assert await finished(house, mailing) == {"total": 1, "sent": 1}
    (message,) = await rows(house, mailing)
    assert worker.stop()
    logs = [str(process.log) for process in (*standing.processes, worker)]

    lines = dict(named(found(logs, "--mailing", mailing)))
    lines.pop("worker counters.reconciled", None)  # it comes when it comes
    created = lines.pop("api mailing.created")
    launched, attempted = (
        lines.pop("worker mailing.launched"),
        lines.pop("worker message.attempted"),
    )
    assert lines.pop("worker mailing.finished")["sent"] == 1
    assert lines == {}
    assert created["principal"] == STAFF
    assert found(logs, "--request", created["request"]) == [created]
    assert launched["job"].startswith("launch")
    assert attempted["job"].startswith("pump:bulk")

    # What the provider was asked and answered; nobody can be reached by it.
    assert (attempted["attempt"], attempted["verdict"], attempted["code"]) == (1, "accepted", "200")
    assert (attempted["address"], attempted["text"]) == ("7***01", "(17 characters)")
    assert '"code":0' in attempted["answer"].replace(" ", "")
    entry = (await house.ledger())[-1]
    assert attempted["outside_id"] == entry["id"] == int(message["outsideId"])

    assert found(logs, "--message", message["outsideId"]) == [attempted]
    by_id = ids.opaque("Message", attempted["message_id"])
    assert found(logs, "--message", by_id) == [attempted]
    (made_first, _), then = named(found(logs, "--client", client))
    assert (made_first, then) == ("api client.created", ("worker message.attempted", attempted))
