"""docs/logs.md names every event that the code emits, with its fields, and no other (M23)."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator

from tests.calls import ROOT, calls

PAGE = (ROOT / "docs" / "logs.md").read_text(encoding="utf-8")
NAME = re.compile(r"[a-z_]+(\.[a-z_]+)+")
ROW = re.compile(r"^\| `([a-z_.]+)` \| (.*?) ?\| (\S.*) \|$", re.MULTILINE)


def calls_of_events(*ways: str) -> Iterator[tuple[str, ast.Call]]:
    """Every call of `core/events.py` by one of these names, and where it stands."""
    for where, call in calls(*ways):
        match call.func:
            case ast.Attribute(value=ast.Name(id="events")):
                yield where, call
            case _:
                pass


def emitted(*ways: str) -> dict[str, list[set[str | None]]]:
    """The fields of each call, by the event; None where a mapping brings more."""
    found = defaultdict(list)
    for where, call in calls_of_events(*ways):
        name = call.args[0]
        assert isinstance(name, ast.Constant), f"{where}: an event is named by a plain text"
        assert NAME.fullmatch(str(name.value)), where
        found[str(name.value)].append({keyword.arg for keyword in call.keywords})
    return dict(found)


EMITTED = emitted("emit")
TOLD = {name: re.findall(r"`(\[?\w+\]?)`", fields) for name, fields, _ in ROW.findall(PAGE)}


def test_every_event_is_told_and_no_other() -> None:
    section = PAGE.split("## Reference: events\n")[1]
    assert [name for name, _, _ in ROW.findall(section)] == list(TOLD)
    assert set(TOLD) == set(EMITTED)


def test_its_fields_are_told_and_no_others() -> None:
    for name, every in EMITTED.items():
        told = {field.strip("[]") for field in TOLD[name]}
        said = {field for fields in every for field in fields if field is not None}
        assert said <= told, name
        if not any(None in fields for fields in every):
            assert said == told, name


def test_a_field_that_is_not_on_every_line_is_in_brackets() -> None:
    for name, every in EMITTED.items():
        surely = {field for field in TOLD[name] if not field.startswith("[")}
        for fields in every:
            if None not in fields:
                assert surely <= fields, name
