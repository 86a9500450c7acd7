import json
from typing import Any

import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from rules import api_key, audit

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda of: st.lists(of) | st.dictionaries(st.text(), of),
)
KEY = api_key.write(ObjectId(), bytes(range(32)))
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1MSJ9.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


@given(JSON)
def test_any_input_has_a_short_summary(said: Any) -> None:
    assert len(audit.summary(said)) <= audit.LONGEST_INPUT


@given(st.dictionaries(st.text(max_size=9), st.text(max_size=9), max_size=5))
def test_a_small_input_is_told_whole(said: dict[str, str]) -> None:
    hidden = audit.summary(said)
    assert audit._HIDDEN in hidden or json.loads(hidden) == said


@given(st.text(max_size=50), st.text(max_size=50), st.sampled_from([KEY, TOKEN]))
def test_a_secret_in_any_text_is_hidden(before: str, after: str, secret: str) -> None:
    for said in (before + secret + after, [before, {"text": secret}], {secret: 1}):
        assert secret[20:] not in audit.summary(said)


@pytest.mark.parametrize("cut", range(460, 501))
def test_a_secret_across_the_cut_is_hidden_too(cut: int) -> None:
    assert KEY[28:40] not in audit.summary("x" * (cut - 1) + " " + KEY)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ({"password": "rope"}, '{"password": "***"}'),
        ({"clientSecret": {"a": 1}}, '{"clientSecret": "***"}'),
        ({"Authorization": "x"}, '{"Authorization": "***"}'),
        ("Bearer abcdefgh.ijk", '"***"'),
        ("https://ann:rope@example.com/", '"https://***@example.com/"'),
        ({"name": "Ann", "role": "admin"}, '{"name": "Ann", "role": "admin"}'),
        (list(range(22)), json.dumps([*range(20), "… and 2 more"], ensure_ascii=False)),
        ("x" * 501, json.dumps("x" * 500 + "…", ensure_ascii=False)),
        ([[[[[[[1]]]]]]], '[[[[[["…"]]]]]]'),
        ({"key": "new_post", "idempotencyKey": "k"}, '{"key": "new_post", "idempotencyKey": "k"}'),
    ],
)
def test_a_summary_shows_what_was_meant(said: object, shown: str) -> None:
    assert audit.summary(said) == shown


def test_a_huge_input_is_cut() -> None:
    said = {f"field {number}": "x" * 10_000 for number in range(1_000)}
    assert audit.summary(said).endswith("…")


def test_targets_are_the_ids_in_order() -> None:
    said = {"id": "a", "rest": {"mailingId": "b", "name": "c"}, "list": [{"id": "a"}, {"id": "d"}]}
    assert audit.targets(said) == ["a", "b", "d"]


@pytest.mark.parametrize(
    "said",
    [KEY, "x" + KEY, "a b", "", "a\n", "ж", "bk_", "x" * 201, "x" * 7_500_000, TOKEN],
    ids=range(10),
)
def test_what_is_no_id_or_holds_a_secret_is_no_target(said: str) -> None:
    kept = ["bk_"] if said == "bk_" else []
    assert audit.targets({"input": {"id": said}}) == kept
    assert audit.ids_among([said, "x" * 200]) == [*kept, "x" * 200]


@given(st.lists(st.from_regex(r"[A-Za-z0-9_-]{1,210}", fullmatch=True) | st.text()))
def test_targets_are_short_and_hold_no_secret(texts: list[str]) -> None:
    kept = audit.ids_among([*texts, KEY])
    assert KEY not in kept
    assert all(0 < len(each.encode()) <= audit.LONGEST_TARGET for each in kept)


@given(JSON)
def test_any_input_has_few_targets(said: Any) -> None:
    assert len(audit.targets([said, *({"id": str(number)} for number in range(200))])) == 100
