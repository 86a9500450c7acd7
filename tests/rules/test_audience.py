import re
from dataclasses import asdict
from typing import Any

import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid, Problem
from rules.audience import (
    Audience,
    Client,
    Known,
    User,
    audience,
    includes,
    includes_user,
    means_users,
    query,
    user_query,
)

CODES = st.sampled_from(["900", "901", "902"])
TAGS = st.sampled_from(["vip", "new", "old", "test"])
ZONES = st.sampled_from(["UTC", "Europe/Moscow"])
LOCALES = st.sampled_from(["de", "de-AT", "en", "del"])
GROUPS = {name: ObjectId() for name in ("staff", "press", "friends")}
NAMES = st.sampled_from(sorted(GROUPS))
MUTED = st.sets(st.sampled_from(["news/email", "news/*", "*/email", "*/*", "sale/email"]))
GENERAL: dict[str, Any] = {
    "locale": st.none() | LOCALES,
    "groups": st.sets(st.sampled_from(list(GROUPS.values()))),
    "muted": MUTED,
}
CLIENTS = st.builds(Client, operator_code=CODES, tags=st.sets(TAGS), time_zone=ZONES, **GENERAL)
USERS = st.builds(User, **GENERAL)
SOME_CODES = st.lists(CODES, min_size=1)
SOME_TAGS = st.lists(TAGS, min_size=1)


def all_clients() -> Audience:
    return audience(all_clients=True)


def those(codes: Any, tags: Any) -> Audience:
    return audience(operator_codes=codes, tags=tags)


def filters(**others: Any) -> st.SearchStrategy[Audience]:
    """Filters of every kind, often of few fields."""

    def made(said: dict[str, Any]) -> Audience:
        return audience(**said)

    lists = {
        "operator_codes": CODES,
        "tags": TAGS,
        "time_zones": ZONES,
        "locales": LOCALES,
        "groups": NAMES,
        **others,
    }
    fields: dict[str, Any] = {name: st.lists(of, min_size=1) for name, of in lists.items()}
    fields["accepts"] = st.sampled_from(["news/email", "sale/sending_api"])
    some = st.fixed_dictionaries({}, optional=fields)
    return some.filter(bool).map(made)


SEGMENTS = st.fixed_dictionaries({"first": filters(), "second": filters()})
EVERYONE = st.sampled_from(
    [all_clients(), Audience(all_users=True), Audience(all=True, all_users=True)]
)
AUDIENCES = EVERYONE | filters(segments=st.sampled_from(["first", "second"]))
KNOWN = SEGMENTS.map(lambda segments: Known(GROUPS, segments))


def found_by(query: Any, row: dict[str, Any]) -> bool:
    """What MongoDB does with these filters: an array fits by any of its elements."""

    def equal(value: Any, wanted: Any) -> bool:
        if isinstance(wanted, re.Pattern):
            return isinstance(value, str) and wanted.search(value) is not None
        return bool(value == wanted)

    def fits(field: str, condition: Any) -> bool:
        if field == "$or":
            return any(found_by(one, row) for one in condition)
        ((operator, wanted),) = condition.items()
        value = row.get(field)
        values = value if isinstance(value, list) else [value]
        found = any(equal(one, other) for one in values for other in wanted)
        return {"$in": found, "$nin": not found}[operator]

    return all(fits(field, condition) for field, condition in query.items())


def row_of(one: Any) -> dict[str, Any]:
    return {
        name: list(value) if isinstance(value, set | frozenset) else value
        for name, value in asdict(one).items()
    }


@given(AUDIENCES, CLIENTS, KNOWN)
def test_a_client_belongs_exactly_when_the_query_finds_it(
    whom: Audience, client: Client, known: Known
) -> None:
    expected = found_by(query(whom, known), row_of(client))
    assert includes(whom, client, known) is expected


@given(AUDIENCES, USERS, KNOWN)
def test_a_user_belongs_exactly_when_the_query_finds_it(
    whom: Audience, user: User, known: Known
) -> None:
    wanted = user_query(whom, known)
    expected = wanted is not None and found_by(wanted, row_of(user))
    assert includes_user(whom, user, known) is expected
    assert means_users(whom, known) is (wanted is not None)


@given(AUDIENCES, USERS, KNOWN)
def test_no_user_is_meant_that_nobody_asked_for(whom: Audience, user: User, known: Known) -> None:
    if not includes_user(whom, user, known) or whom.all_users:
        return
    segments = [known.segments[name] for name in whom.segments]
    invited = {known.groups[name] for one in (whom, *segments) for name in one.groups}
    assert invited & set(user.groups)


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
    assert includes(whom, Client(code, tags)) is expected


def test_a_language_means_its_regions() -> None:
    whom = audience(locales=["de"])
    found = {
        tag for tag in ("de", "de-AT", "del", None) if includes(whom, Client("900", locale=tag))
    }
    assert found == {"de", "de-AT"}


@pytest.mark.parametrize(
    ("segment", "groups", "expected"),
    [
        ({"groups": ["staff"]}, [], True),
        ({"locales": ["de"]}, [], False),
        ({"locales": ["de"]}, ["staff"], True),
        ({"tags": ["vip"]}, ["staff"], False),
    ],
)
def test_users_are_meant_where_a_group_is_named(
    segment: dict[str, Any], groups: list[str], expected: bool
) -> None:
    known = Known(GROUPS, {"first": audience(**segment)})
    whom = audience(segments=["first"], groups=groups)
    user = User("de", [GROUPS["staff"]])
    assert includes_user(whom, user, known) is expected


def test_the_query_names_only_the_fields_that_filter() -> None:
    assert query(all_clients()) == {}
    assert query(those(["900"], [])) == {"operator_code": {"$in": ["900"]}}
    assert query(those(["900"], ["vip", "new"])) == {
        "operator_code": {"$in": ["900"]},
        "tags": {"$in": ["vip", "new"]},
    }


@given(CLIENTS)
def test_all_clients_are_every_client(client: Client) -> None:
    assert includes(all_clients(), client)
    assert not includes(Audience(all_users=True), client)


@given(st.lists(CODES, min_size=1), st.lists(TAGS))
def test_each_value_is_kept_once_in_the_order_given(codes: list[str], tags: list[str]) -> None:
    whom = those(codes, tags)
    assert list(whom.operator_codes) == sorted(set(codes), key=codes.index)
    assert list(whom.tags) == sorted(set(tags), key=tags.index)


def test_a_forgotten_filter_reaches_nobody() -> None:
    with pytest.raises(Invalid, match="ask for all") as caught:
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
