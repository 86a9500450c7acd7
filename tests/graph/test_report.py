"""The daily report through the front door."""

from datetime import UTC, datetime, timedelta

from tests.graph.conftest import Edge

ASK = """query ($date: Date!, $zone: String) { report(date: $date, zone: $zone) {
    date zone since until subject text html otherMailings
    total { total byStatus { status count } attempts } lines { mailingId name reasons { why messages } } } }"""
SEND = """mutation ($input: SendReportInput!) {
    sendReport(input: $input) { report { subject } to errors { field code } } }"""


async def test_a_day_is_told_in_a_zone_of_ones_choice(edge: Edge) -> None:
    day = datetime.now(UTC).date() - timedelta(days=2)
    found = (await edge.data(ASK, {"date": str(day), "zone": "Asia/Kolkata"}))["report"]
    assert (found["date"], found["zone"]) == (str(day), "Asia/Kolkata")
    assert found["since"] == f"{day - timedelta(days=1)}T18:30:00.000Z"
    assert found["text"].startswith("What became of messages on ")
    assert found["html"].startswith("<!doctype html>")
    assert (await edge.data(ASK, {"date": str(day)}))["report"]["zone"] == "UTC"


async def test_a_report_is_sent_to_whom_one_names(edge: Edge) -> None:
    day = str(datetime.now(UTC).date())
    said = {"date": day, "to": ["ops@example.com"], "idempotencyKey": "report-1"}
    for _ in range(2):
        answer = (await edge.data(SEND, {"input": said}))["sendReport"]
        assert (answer["to"], answer["errors"]) == (["ops@example.com"], [])
        assert answer["report"]["subject"].startswith("Belfry on ")
    refused = (await edge.data(SEND, {"input": {"date": day}}))["sendReport"]
    assert refused["errors"] == [{"field": "to", "code": "INVALID"}], "REPORT_TO is empty here"
    far = {"date": "2099-01-01", "to": ["ops@example.com"]}
    refused = (await edge.data(SEND, {"input": far}))["sendReport"]
    assert refused["errors"] == [{"field": "date", "code": "INVALID"}]
