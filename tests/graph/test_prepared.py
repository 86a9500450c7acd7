"""Documents, prepared once: what is refused, what is kept, and within which bounds."""

from typing import Any

import pytest
from graphql import get_introspection_query

from core.errors import TooComplex
from core.settings import load
from graph import prepared
from graph.limits import LONGEST_DOCUMENT
from graph.prepared import Documents, Prepared, Refused, prepare
from graph.schema import schema

SCHEMA = schema._schema
SETTINGS = load(_env_file=None)
ERROR = "field message code"
PAGE = "query ($n: Int! = 7) { clients(first: $n) { nodes { id } } }"


def ready(text: str, **limits: Any) -> Prepared:
    settings = load(_env_file=None, **limits) if limits else SETTINGS
    return prepare(SCHEMA, text, settings, suggest=True)


def refusal(text: str, **limits: Any) -> str:
    """The only error; that of a limit says so by its cause."""
    with pytest.raises(Refused) as refused:
        ready(text, **limits)
    (error,) = refused.value.errors
    assert isinstance(error.original_error, TooComplex | None)
    return ("too complex: " if error.original_error else "wrong: ") + error.message


def test_a_valid_document_is_known_with_its_operations() -> None:
    document = ready("query A { __typename } mutation B { __typename }")
    assert list(document.operations) == ["A", "B"]
    assert document.shape.depth == 1
    assert document.sizing == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "wrong: Syntax Error"),
        ("{ nope }", "wrong: Cannot query field 'nope'"),
        ("{ a" * 300, "wrong: Syntax Error: Document is nested too deeply"),
        ("{ a " + "a " * 2_000 + "}", "wrong: Syntax Error: Document contains more than 2000"),
        ("{ a" + " " * LONGEST_DOCUMENT, "too complex: the document has 65539 characters"),
        ("{ a: __typename b: __typename }", "too complex: the operation has 2 aliases"),
        ("{ ...A } fragment A on Query { ...A }", "wrong: Cannot spread fragment 'A' within"),
    ],
)
def test_a_document_that_is_wrong_or_too_much_is_refused(text: str, said: str) -> None:
    assert refusal(text, max_aliases=1).startswith(said)


REPEATING = {
    "one field": "{ " + "__typename " * 1_900 + "}",
    "nested fields": f"{{ {'inbox(userId: 1) { page { list { id } } page { list { id } } } ' * 70} }}",
    "fragments": "{ ...F0 } "
    + " ".join(
        f'fragment F{n} on Query {{ inbox(userId: "a") {{ total }} ...F{n + 1} }}'
        for n in range(114)
    )
    + " fragment F114 on Query { __typename }",
}


@pytest.mark.parametrize("text", REPEATING.values(), ids=REPEATING)
def test_fields_are_compared_only_so_often(text: str) -> None:
    """Whether the same fields can be merged takes the square of their number to tell."""
    with pytest.raises(Refused) as refused:
        ready(text)
    assert refused.value.errors[-1].message.startswith("the document says the same too often")


def test_of_a_document_that_is_all_wrong_only_some_errors_are_told() -> None:
    with pytest.raises(Refused) as refused:
        ready("{ " + " ".join("x" * 100 + str(n) for n in range(300)) + " }")
    assert len(refused.value.errors) == prepared.MOST_ERRORS + 1


def test_without_suggestions_no_name_is_given_away() -> None:
    for suggest in (True, False):
        with pytest.raises(Refused) as refused:
            prepare(SCHEMA, "{ client { id } }", SETTINGS, suggest=suggest)
        with pytest.raises(Refused) as refused:
            prepare(SCHEMA, "{ clientz { id } }", SETTINGS, suggest=suggest)
        assert ("Did you mean" in refused.value.errors[0].message) is suggest


def test_the_cost_follows_the_variables_and_is_reckoned_once_for_each_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    document = ready(PAGE)
    expected = {1: 3, 50: 52, 100: 102}
    assert {n: document.cost(None, {"n": n}) for n in expected} == expected
    assert document.cost(None, {}) == 9
    assert document.cost(None, {"n": None, "other": 5}) == 9
    monkeypatch.setattr(prepared, "Reckoning", None)
    assert document.cost(None, {"n": 50, "other": 3}) == 52
    assert document.cost(None, {"n": 101}) == 102


def test_a_full_batch_with_all_it_can_answer_is_within_the_usual_limit() -> None:
    notification = "id timestamp isNew userId key targetId title body cursor data"
    document = ready(
        "mutation ($in: CreateNotificationsInput!) { createNotifications(input: $in) {"
        f"  results {{ notification {{ {notification} }} unread messageId errors {{ {ERROR} }} }}"
        f"  errors {{ {ERROR} }} }} }}"
    )
    cost = document.cost(None, {"in": {"notifications": [{}] * 1_000}})
    assert 15_000 < cost < SETTINGS.max_cost < 2 * cost


def test_the_costs_that_are_remembered_are_bounded() -> None:
    document = ready(PAGE)
    for n in range(1_000):
        document.cost(None, {"n": n % 101})
    assert len(document._costs) <= prepared.MOST_COSTS


def test_a_document_is_prepared_once() -> None:
    documents = Documents()
    assert documents.get(PAGE, ready) is documents.get(PAGE, never) is documents.get(PAGE, never)
    assert documents.known(PAGE) is documents.get(PAGE, never)
    assert len(documents) == 1


def never(text: str) -> Prepared:
    raise AssertionError(text)


def test_what_is_refused_is_not_kept() -> None:
    documents = Documents()
    for _ in range(2):
        with pytest.raises(Refused):
            documents.get("{ nope }", ready)
    assert len(documents) == 0


def test_ever_new_documents_do_not_drive_out_those_in_use() -> None:
    size = ready("{ __typename }").size
    documents = Documents(kept_bytes=size * 10, new_bytes=size * 10)
    used = documents.get("{ __typename }", ready)
    assert documents.get("{ __typename }", never) is used
    for number in range(100):
        documents.get(f"{{ __typename }} # {number}", ready)
    assert documents.get("{ __typename }", never) is used
    assert 2 <= len(documents) <= 11


def test_documents_in_use_are_bounded_too_and_the_latest_stay() -> None:
    size = ready("{ __typename } # 000").size
    documents = Documents(kept_bytes=size * 10, new_bytes=size * 10)
    texts = [f"{{ __typename }} # {number:03}" for number in range(50)]
    for text in texts:
        documents.get(text, ready)
        documents.get(text, never)
    assert len(documents) == 10
    for text in texts[-10:]:
        documents.get(text, never)


def test_a_document_larger_than_its_shelf_is_prepared_and_forgotten() -> None:
    documents = Documents(new_bytes=1)
    assert documents.get(PAGE, ready) is not documents.get(PAGE, ready)
    assert len(documents) == 0


def test_a_pinned_document_stays_for_good() -> None:
    documents = Documents(kept_bytes=1, new_bytes=1)
    pinned = ready(PAGE)
    documents.pin(PAGE, pinned)
    for number in range(10):
        documents.get(f"{{ __typename }} # {number}", ready)
    assert documents.get(PAGE, never) is pinned


def test_long_texts_weigh_more_where_they_are_read_but_not_where_they_were_sent() -> None:
    page = 'inbox(userId: "a") {{ a{}: notifications(first: 100) {{ nodes {{ {} }} }} }}'
    for name, weight in (("key", 1), ("title", 20), ("body", 20), ("data", 50)):
        document = ready(f"{{ {page.format(0, name)} }}")
        assert document.cost(None, {}) == 3 + 100 * weight
    everything = "id timestamp isNew userId key targetId title body cursor data"
    both = f"nodes {{ {everything} }} edges {{ cursor node {{ {everything} }} }}"
    text = f'{{ inbox(userId: "a") {{ notifications(first: 100) {{ {both} }} }} }}'
    assert ready(text).cost(None, {}) < SETTINGS.max_cost
    thirty = " ".join(page.format(n, "data") for n in range(30))
    assert ready(f"{{ {thirty} }}").cost(None, {}) > 5 * SETTINGS.max_cost


def test_the_lists_in_a_document_cost_wherever_they_are_read() -> None:
    by_status = "mailings(first: 100) { nodes { messages(statuses: [%s]) { nodes { id } } } }"
    plain = ready(f"{{ {by_status % 'SENT'} }}").cost(None, {})
    assert ready(f"{{ {by_status % ('SENT ' * 9)} }}").cost(None, {}) == plain + 100 * 8


TYPE = (
    " fragment T on __Type { kind name description ofType { kind name description ofType {"
    " kind name description ofType { kind name description } } } }"
)


def again(times: int, field: str) -> str:
    return "{ " + " ".join(f"a{n}: {field}" for n in range(times)) + " }"


INTROSPECTIONS = {
    "all arguments": "{ __schema "
    + again(6, "types { fields { name type { ...T } args { name type { ...T } } } }")
    + " }",
    "all fields": "{ __schema { types " + again(17, "fields { name type { ...T } }") + " } }",
    "fields of the types of fields": "{ __schema "
    + again(3, "types { fields { type { ofType { fields { type { ...T } } } } } }")
    + " }",
    "types one by one": again(
        29,
        '__type(name: "Mutation") { fields { name type { ...T fields { name type { ...T } } } args { name type { ...T } } }'
        " inputFields { name type { ...T } } enumValues { name } interfaces { fields { name } } }",
    ),
    "in a fragment": "{ ...A } fragment A on Query { __schema "
    + again(9, "types { fields { type { ...T } } }")
    + " }",
}


@pytest.mark.parametrize("text", INTROSPECTIONS.values(), ids=INTROSPECTIONS)
def test_the_schema_is_told_about_once_and_not_again_and_again(text: str) -> None:
    assert refusal(text + TYPE).startswith("too complex: the document asks for about")


def test_the_largest_introspection_of_usual_tools_is_within_the_limits() -> None:
    ready(
        get_introspection_query(
            specified_by_url=True,
            directive_is_repeatable=True,
            schema_description=True,
            input_value_deprecation=True,
        )
    )
