"""What variables may hold, for every list of the schema, and before they are read one by one."""

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLNamedType,
    get_nullable_type,
    is_input_object_type,
    is_list_type,
)

from core.errors import Invalid, TooComplex
from core.settings import load
from graph.prepared import Prepared, prepare
from graph.schema import schema
from graph.variables import (
    LONGEST_TEXT,
    MOST_INPUTS,
    MOST_ITEMS,
    MOST_JSON,
    MOST_UNKNOWN,
    check,
)

SCHEMA = schema._schema
SETTINGS = load(_env_file=None)


def ready(text: str) -> Prepared:
    return prepare(SCHEMA, text, SETTINGS, suggest=True)


def of(type_name: str, value: Any) -> None:
    """Check one variable of a type of the schema."""
    check([("it", SCHEMA.get_type(type_name))], {"it": value})


def lists(kind: Any, trail: str) -> Iterator[tuple[str, Any]]:
    """Every list that a value of a type may hold, as such a value with a list too long in it."""
    kind = get_nullable_type(kind)
    if is_list_type(kind):
        yield trail, [None] * (MOST_ITEMS + 1)
        yield from ((at, [value]) for at, value in lists(kind.of_type, f"{trail}[]"))
    elif is_input_object_type(kind):
        for name, field in kind.fields.items():
            yield from ((at, {name: value}) for at, value in lists(field.type, f"{trail}.{name}"))


def arguments() -> Iterator[tuple[str, Any]]:
    for kind in SCHEMA.type_map.values():
        for name, field in getattr(kind, "fields", {}).items():
            for argument, said in getattr(field, "args", {}).items():
                yield f"{kind.name}.{name}({argument})", said.type


LISTS = [(at, kind, value) for name, kind in arguments() for at, value in lists(kind, name)]


@pytest.mark.parametrize(("kind", "value"), [it[1:] for it in LISTS], ids=[it[0] for it in LISTS])
def test_every_list_that_the_schema_takes_is_bounded(kind: GraphQLNamedType, value: Any) -> None:
    with pytest.raises(TooComplex, match=f"{MOST_ITEMS + 1} items in one list, at most"):
        check([("it", kind)], {"it": value})


def test_the_lists_of_the_schema_were_found() -> None:
    found = {at for at, _, _ in LISTS}
    assert {
        "Query.clients(filter).tags",
        "Query.mailings(statuses)",
        "Mailing.messages(statuses)",
        "Inbox.notifications(filter).keys",
        "Mutation.createMailing(input).audience.operatorCodes",
        "Mutation.createClients(input).clients",
        "Mutation.createClients(input).clients[].tags",
        "Mutation.retryMessages(input).messageIds",
    } < found


def test_the_fullest_batches_pass() -> None:
    client = {"phone": "7", "operatorCode": "1", "timeZone": "UTC", "email": "a@b.c"}
    clients = [{**client, "tags": ["a"] * 50}] * 1_000
    of("CreateClientsInput", {"clients": clients, "idempotencyKey": "a"})
    notification = {"userId": "1", "key": "a", "targetId": "2", "idempotencyKey": "b"}
    several = [{**notification, "data": {"a": ["b"] * 100}}] * 1_000
    of("CreateNotificationsInput", {"notifications": several})
    of("AudienceInput", {"operatorCodes": ["900"] * 1_000, "tags": ["a"] * 1_000})


def test_all_values_together_are_bounded() -> None:
    clients = [{"tags": ["a"] * 100}] * (MOST_INPUTS // 100)
    with pytest.raises(TooComplex, match=f"over {MOST_INPUTS} values, at most"):
        of("CreateClientsInput", {"clients": clients})


@pytest.mark.parametrize("text", ["x" * (LONGEST_TEXT + 1)])
def test_a_text_is_bounded_wherever_it_stands(text: str) -> None:
    for type_name, value in (
        ("ID", text),
        ("ClientFilterInput", {"tags": text}),
        ("CreateNotificationInput", {"data": {"a": [text]}}),
        ("Int", [text]),
    ):
        with pytest.raises(TooComplex, match="characters in one text"):
            of(type_name, value)


def test_json_is_bounded_and_so_is_what_stands_where_its_type_has_none() -> None:
    values: Any = {"a": [[]] * (MOST_JSON - 2)}
    of("JSON", values)
    values["a"].append([])
    for type_name in ("JSON", "ID", "Int"):
        with pytest.raises(TooComplex, match=f"over {MOST_JSON} values in one of JSON"):
            of(type_name, values)
    with pytest.raises(TooComplex):
        of("CreateNotificationInput", [values])


def test_few_unknown_fields_are_left_to_be_named_and_many_are_refused_at_once() -> None:
    of("ClientFilterInput", {f"tag{n}": 1 for n in range(MOST_UNKNOWN)})
    with pytest.raises(Invalid, match=f"over {MOST_UNKNOWN} fields that their types lack"):
        of("ClientFilterInput", {f"tag{n}": 1 for n in range(MOST_UNKNOWN + 1)})


def test_only_variables_of_the_operation_are_looked_at() -> None:
    document = ready("query A($s: ID!) { client(id: $s) { id } } query B { __typename }")
    much = {"s": "x" * (LONGEST_TEXT + 1), "other": [1] * (MOST_ITEMS + 1)}
    document.check_input("B", much)
    document.check_input("A", {**much, "s": "a"})
    with pytest.raises(TooComplex):
        document.check_input("A", much)


def test_a_single_value_stands_for_a_list_of_one() -> None:
    of("CreateClientsInput", {"clients": {"tags": "a"}})
    many = {"tags": ["a"] * (MOST_ITEMS + 1)}
    with pytest.raises(TooComplex):
        of("CreateClientsInput", {"clients": many})
