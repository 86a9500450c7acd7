"""M1, M3, C6: a directory comes from a file, a mailing reaches it, and it leaves as it came."""

from pathlib import Path
from typing import Any

from tests.journeys.commands import command
from tests.journeys.conftest import STAFF, House, at_work
from tests.journeys.test_mailing import finished, mail, rows

AUDIT = """{ auditLog(first: 5, filter: {action: "importClients"}) {
  nodes { by outcome input result } } }"""
FILE = """Phone;Tags;Time zone
79160000001;"vip;gold";Europe/Moscow
89160000002;vip;
79160000003;vip;Asia/Omsk
79160000004;;Asia/Omsk
79160000003;"vip,late";Asia/Omsk
"""


async def fetched(house: House, **parameters: str) -> str:
    url = f"http://127.0.0.1:{house.ports['api']}/clients/export"
    headers = {"Authorization": f"Bearer {house.token()}"}
    async with house.http.get(url, params=parameters, headers=headers) as response:
        assert response.status == 200
        return await response.text()


async def uploaded(house: House, said: str) -> Any:
    url = f"http://127.0.0.1:{house.ports['api']}/clients/import?format=csv"
    headers = {"Authorization": f"Bearer {house.token()}", "Content-Type": "text/csv"}
    async with house.http.post(url, data=said.encode(), headers=headers) as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def test_a_directory_from_a_file_is_mailed_and_leaves_as_it_came(
    house: House, tmp_path: Path
) -> None:
    belfry = command(house, tmp_path)
    (tmp_path / "clients.csv").write_text(FILE)
    dry = await belfry.run("import", "clients.csv", "--dry-run")
    assert (await fetched(house, format="ndjson"), dry.code) == ("", 1)
    ran = await belfry.run("import", "clients.csv")
    assert ran.code == 1
    mistake, repeat, summary = ran.said.splitlines()
    assert mistake.startswith("line 3: phone: write 7 in place of the leading 8")
    assert repeat.startswith("line 6: phone: the same as in line 4")
    assert summary == "5 rows: 3 created, 1 refused, 1 repeated"

    mailing = await mail(house, audience={"tags": ["vip;gold", "late"]})
    await at_work(house.worker())
    assert await finished(house, mailing) == {"total": 2, "sent": 2}
    assert {row["address"] for row in await rows(house, mailing)} == {"79160000001", "79160000003"}

    said = await fetched(house, format="csv")
    again = await uploaded(house, said)
    assert (again["rows"], again["unchanged"]) == (3, 3)
    told = await belfry.run("export", "clients")
    assert told.said.splitlines() == said.splitlines()
    shown = (await house.ask(AUDIT))["auditLog"]["nodes"]
    assert [entry["outcome"] for entry in shown] == ["DONE"] * 3
    assert {entry["by"] for entry in shown} == {STAFF}
    assert '"created": 3' in shown[1]["result"]
