"""What docs/metrics.md, the alerts and the dashboard name is what a process exports (M21)."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser as promql
import pytest
import yaml

from core.errors import BelfryError
from core.hearing import Heard
from core.metrics import Metrics
from core.metrics_table import TABLE, Row
from core.settings import Settings
from graph.asked import OK
from rules.message import Status
from rules.worker import State
from tests.test_docs_logs import EMITTED, emitted

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
RUNBOOK = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy/grafana/belfry.json").read_text())
OF_THE_SCRAPE = {"instance", "job"}
"""Labels that Prometheus itself adds."""
HEARD = emitted("emit", "note")
QUEUES = {"waiting", "scheduled", "retrying", "running", "failed"}
AROUND = {"$__rate_interval": "5m", "$__range": "1h"}
"""What Grafana puts in place of its variables."""


def exported() -> dict[str, set[str]]:
    """The labels of each series that a process exports, by its name."""
    series = {"ALERTS": {"alertname", "alertstate"}}
    for row in TABLE:
        name, labels = f"belfry_{row.name}", set(row.labels)
        if row.kind.kind == "histogram":
            series |= {f"{name}_count": labels, f"{name}_sum": labels}
            series[f"{name}_bucket"] = {*labels, "le"}
        else:
            series[name] = labels
    registry = Metrics("api").registry
    families = [family for family in registry.collect() if family.name.startswith("process_")]
    return series | {sample.name: set() for family in families for sample in family.samples}


def expressions() -> Iterator[tuple[str, str]]:
    """Every expression, with where it stands."""
    for rule in RULES:
        yield rule["alert"], rule["expr"]
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            yield f"{panel['title']} {target['refId']}", target["expr"]
    for annotation in DASHBOARD["annotations"]["list"]:
        yield annotation["name"], annotation["expr"]
    for expression in re.findall(r"`([^`\n]*(?:belfry|process)_[a-z][^`\n]*)`", RUNBOOK):
        yield "docs/alerts.md", expression


def selectors(expression: str) -> list[promql.VectorSelector]:
    """All series that an expression asks for; fails if it is no PromQL."""
    for name, value in AROUND.items():
        expression = expression.replace(name, value)
    found: list[promql.VectorSelector] = []

    def take(node: Any) -> bool:
        if isinstance(node, promql.VectorSelector):
            found.append(node)
        if isinstance(node, promql.MatrixSelector):
            found.append(node.vector_selector)
        return True

    promql.walk(promql.parse(expression), take)
    return found


def codes(error: type[BelfryError] = BelfryError) -> set[str]:
    """Every code that an operation may end with."""
    below = [codes(each) for each in error.__subclasses__()]
    return {error.code, OK}.union(*below)


VALUES: dict[str, set[str]] = {
    "status": set(Status),
    "state": QUEUES | {"in_use", "idle"},
    "store": {"mongodb", "redis"},
    "process": {"api", "worker"},
    "code": codes(),
    "event": set(EMITTED),
    "alertstate": {"pending", "firing"},
    "alertname": {rule["alert"] for rule in RULES},
}
"""What a label may say, of those that expressions choose by."""


def unknown(one: promql.VectorSelector) -> list[str]:
    """What an expression wants a label to say, and none ever does."""
    return [
        f"{matcher.name}={wanted}"
        for matcher in one.matchers.matchers
        for wanted in alternatives(matcher.value)
        if not any(re.fullmatch(wanted, value) for value in VALUES[matcher.name])
    ]


def alternatives(wanted: str) -> list[str]:
    """The branches of a pattern, as far as there are any."""
    group, end = re.fullmatch(r"(?:\((.*)\))?(.*)", wanted).groups()  # type: ignore[union-attr]
    return [f"{each}{end}" for each in group.split("|")] if group else end.split("|")


def check(expression: str) -> None:
    """Fail unless all that it asks for is exported, and may have the labels that it wants."""
    series, found = exported(), selectors(expression)
    assert found
    for one in found:
        assert one.name in series
        matched = {matcher.name for matcher in one.matchers.matchers}
        assert matched <= series[one.name] | OF_THE_SCRAPE, one.name
        assert unknown(one) == [], one.name


@pytest.mark.parametrize("row", [row for row in TABLE if row.hears], ids=lambda row: row.name)
def test_a_number_hears_what_is_said_with_all_that_it_needs(row: Row) -> None:
    """Else it would stand still, and nobody would know."""
    for hearing in row.hears:
        needed = {*row.labels, hearing.by} - {""} if isinstance(hearing, Heard) else {hearing.of}
        assert hearing.event in HEARD
        for fields in HEARD[hearing.event]:
            assert None in fields or needed <= fields, hearing.event


def test_the_page_has_every_number_as_it_is_exported() -> None:
    rows = re.findall(r"^\| `(belfry_\w+)` \| (\w+) \| (.*?) ?\| (.*) \|$", PAGE, re.MULTILINE)
    told = [(name, kind, re.findall(r"`(\w+)`", labels), text) for name, kind, labels, text in rows]
    assert told == [
        (f"belfry_{row.name}", row.kind.kind, list(row.labels), row.help) for row in TABLE
    ]


def test_the_page_has_the_numbers_of_the_client_library() -> None:
    theirs = {name for name in exported() if name.startswith("process_")}
    assert theirs <= set(re.findall(r"`(process_\w+)`", PAGE))


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_an_expression_asks_only_for_what_is_exported(where: str, expression: str) -> None:
    assert where
    check(expression)


def test_every_number_is_on_the_dashboard() -> None:
    shown = {one.name for _, expression in expressions() for one in selectors(expression)}
    missing = {
        row.name
        for row in TABLE
        if not shown & {f"belfry_{row.name}{end}" for end in ("", "_bucket", "_count")}
    }
    assert missing == set()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_leads_to_what_to_do(rule: dict[str, Any]) -> None:
    section = RUNBOOK.split(f"## {rule['alert']}\n")[1].split("\n## ")[0]
    assert re.findall(r"^\*\*(\w+)\*\* \S", section, re.MULTILINE) == ["Means", "Look", "Do"]
    assert rule["annotations"]["runbook"] == f"docs/alerts.md#{rule['alert'].lower()}"
    assert rule["labels"]["severity"] in {"warning", "critical"}


def test_the_runbook_names_events_settings_and_codes_that_there_are() -> None:
    pages = {name: (ROOT / "docs" / f"{name}.md").read_text() for name in ("logs", "errors")}
    events = re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)`", RUNBOOK)
    assert [name for name in events if f"| `{name}` |" not in pages["logs"]] == []
    words = set(re.findall(r"`([A-Z][A-Z_]+)`", RUNBOOK))
    codes = {name for name in words if f"| `{name}` |" in pages["errors"]}
    settings = {name.upper() for name in Settings.model_fields}
    assert words - codes - settings <= {it.name for it in (*Status, *State)} | {"PING"}


def test_no_section_is_about_an_alert_that_is_gone() -> None:
    assert set(re.findall(r"^## (\w+)$", RUNBOOK, re.MULTILINE)) == {it["alert"] for it in RULES}
