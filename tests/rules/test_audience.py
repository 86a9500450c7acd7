import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid, Problem
from rules.audience import Audience, audience, matches, query

CODES = st.sampled_from(["900", "901", "902"])
TAGS = st.sampled_from(["vip", "new", "old", "test"])
CLIENTS = st.fixed_dictionaries({"operator_code": CODES, "tags": st.lists(TAGS, unique=True)})
AUDIENCES = st.one_of(
    st.just(audience(True, [], [])),
    st.builds(lambda codes: audience(False, codes, []), st.lists(CODES, min_size=1)),
    st.builds(lambda tags: audience(False, [], tags), st.lists(TAGS, min_size=1)),
    st.builds(
        lambda codes, tags: audience(False, codes, tags),
        st.lists(CODES, min_size=1),
        st.lists(TAGS, min_size=1),
    ),
)


def found_by(filter, document):
    """What MongoDB does with `{field: {"$in": [...]}}`: an array fits by any of its elements."""

    def fits(field, condition):
        assert set(condition) == {"$in"}
        value = document[field]
        return any(one in condition["$in"] for one in (value if isinstance(value, list) else [value]))

    return all(fits(field, condition) for field, condition in filter.items())


@given(AUDIENCES, CLIENTS)
def test_a_client_matches_exactly_when_the_query_finds_it(whom, client):
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
def test_a_client_must_fit_every_field_by_any_of_its_values(code, tags, expected):
    whom = audience(False, ["900", "901"], ["vip", "new"])
    assert matches(whom, code, tags) is expected


def test_the_query_names_only_the_fields_that_filter():
    assert query(audience(True, [], [])) == {}
    assert query(audience(False, ["900"], [])) == {"operator_code": {"$in": ["900"]}}
    assert query(audience(False, ["900"], ["vip", "new"])) == {
        "operator_code": {"$in": ["900"]},
        "tags": {"$in": ["vip", "new"]},
    }


@given(CLIENTS)
def test_all_clients_are_every_client(client):
    assert matches(audience(True, [], []), client["operator_code"], client["tags"])


@given(st.lists(CODES, min_size=1), st.lists(TAGS))
def test_each_value_is_kept_once_in_the_order_given(codes, tags):
    whom = audience(False, codes, tags)
    assert list(whom.operator_codes) == sorted(set(codes), key=codes.index)
    assert list(whom.tags) == sorted(set(tags), key=tags.index)


def test_a_forgotten_filter_reaches_nobody():
    with pytest.raises(Invalid, match="ask for all clients") as caught:
        audience(False, [], [])
    assert caught.value.problem is Problem.BLANK
    with pytest.raises(Invalid):
        Audience(all=False, operator_codes=(), tags=())


@pytest.mark.parametrize(("codes", "tags"), [(["900"], []), ([], ["vip"]), (["900"], ["vip"])])
def test_all_clients_and_a_filter_exclude_each_other(codes, tags):
    with pytest.raises(Invalid, match="not both"):
        audience(True, codes, tags)


@pytest.mark.parametrize("values", ["900", [900], [{"$gt": ""}], [None]])
def test_values_that_are_no_list_of_texts_are_refused(values):
    with pytest.raises(Invalid, match="list of texts"):
        audience(False, values, [])
    with pytest.raises(Invalid, match="list of texts"):
        audience(False, [], values)


def test_there_may_be_1000_values_and_no_more():
    many = [f"{number:04}" for number in range(1001)]
    assert len(audience(False, many[:1000], []).operator_codes) == 1000
    with pytest.raises(Invalid) as caught:
        audience(False, many, [])
    assert caught.value.problem is Problem.TOO_MANY
