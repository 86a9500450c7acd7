from typing import Any, TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid, Problem
from rules.audience import Audience, audience, matches, query


class Client(TypedDict):
    operator_code: str
    tags: list[str]


CODES = st.sampled_from(["900", "901", "902"])
TAGS = st.sampled_from(["vip", "new", "old", "test"])
CLIENTS = st.builds(Client, operator_code=CODES, tags=st.lists(TAGS, unique=True))
SOME_CODES = st.lists(CODES, min_size=1)
SOME_TAGS = st.lists(TAGS, min_size=1)


def all_clients() -> Audience:
    return audience(all_clients=True, operator_codes=[], tags=[])


def those(codes: Any, tags: Any) -> Audience:
    return audience(all_clients=False, operator_codes=codes, tags=tags)


AUDIENCES = st.one_of(
    st.builds(all_clients),
    st.builds(those, SOME_CODES, st.just([])),
    st.builds(those, st.just([]), SOME_TAGS),
    st.builds(those, SOME_CODES, SOME_TAGS),
)


def found_by(query: Any, client: Client) -> bool:
    """What MongoDB does with `{field: {"$in": [...]}}`: an array fits by any of its elements."""
    document: dict[str, Any] = {**client}

    def fits(field: str, condition: dict[str, list[str]]) -> bool:
        assert set(condition) == {"$in"}
        value = document[field]
        return any(one in condition["$in"] for one in (value if field == "tags" else [value]))

    return all(fits(field, condition) for field, condition in query.items())


@given(AUDIENCES, CLIENTS)
def test_a_client_matches_exactly_when_the_query_finds_it(whom: Audience, client: Client) -> None:
    expected = found_by(query(whom), client)
    assert matches(whom, client["operator_code"], client["tags"]) is expected


@pytest.mark.parametrize(
    ("code", "tags", "expected"),
    [
        ("900", ["vip"], True),
        ("901", ["old", "new"], True),
        ("902", ["vip"], False),
        ("900", ["old"], False),
        ("900", [], False),
    ],
)
def test_a_client_must_fit_every_field_by_any_of_its_values(
    code: str, tags: list[str], expected: bool
) -> None:
    whom = those(["900", "901"], ["vip", "new"])
    assert matches(whom, code, tags) is expected


def test_the_query_names_only_the_fields_that_filter() -> None:
    assert query(all_clients()) == {}
    assert query(those(["900"], [])) == {"operator_code": {"$in": ["900"]}}
    assert query(those(["900"], ["vip", "new"])) == {
        "operator_code": {"$in": ["900"]},
        "tags": {"$in": ["vip", "new"]},
    }


@given(CLIENTS)
def test_all_clients_are_every_client(client: Client) -> None:
    assert matches(all_clients(), client["operator_code"], client["tags"])


@given(st.lists(CODES, min_size=1), st.lists(TAGS))
def test_each_value_is_kept_once_in_the_order_given(codes: list[str], tags: list[str]) -> None:
    whom = those(codes, tags)
    assert list(whom.operator_codes) == sorted(set(codes), key=codes.index)
    assert list(whom.tags) == sorted(set(tags), key=tags.index)


def test_a_forgotten_filter_reaches_nobody() -> None:
    with pytest.raises(Invalid, match="ask for all clients") as caught:
        those([], [])
    assert caught.value.problem is Problem.BLANK
    with pytest.raises(Invalid):
        Audience(all=False, operator_codes=(), tags=())


@pytest.mark.parametrize(("codes", "tags"), [(["900"], []), ([], ["vip"]), (["900"], ["vip"])])
def test_all_clients_and_a_filter_exclude_each_other(codes: list[str], tags: list[str]) -> None:
    with pytest.raises(Invalid, match="not both"):
        audience(all_clients=True, operator_codes=codes, tags=tags)


@pytest.mark.parametrize("values", ["900", [900], [{"$gt": ""}], [None]])
def test_values_that_are_no_list_of_texts_are_refused(values: Any) -> None:
    with pytest.raises(Invalid, match="list of texts"):
        those(values, [])
    with pytest.raises(Invalid, match="list of texts"):
        those([], values)


def test_there_may_be_1000_values_and_no_more() -> None:
    many = [f"{number:04}" for number in range(1001)]
    assert len(those(many[:1000], []).operator_codes) == 1000
    with pytest.raises(Invalid) as caught:
        those(many, [])
    assert caught.value.problem is Problem.TOO_MANY
