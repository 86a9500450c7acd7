"""The suppression list by its queries and mutations."""

from typing import Any

from bson import ObjectId

from tests.graph.conftest import OWN, Edge

ONE = "suppression { id channel address reason by note messageId } errors { field code }"
ADD = f"mutation ($input: AddSuppressionInput!) {{ addSuppression(input: $input) {{ {ONE} }} }}"
REMOVE = f"""mutation ($input: RemoveSuppressionInput!) {{
  removeSuppression(input: $input) {{ {ONE} }} }}"""
ADD_MANY = f"""mutation ($input: AddSuppressionsInput!) {{
  addSuppressions(input: $input) {{ results {{ {ONE} }} errors {{ field code }} }} }}"""
REMOVE_MANY = f"""mutation ($input: RemoveSuppressionsInput!) {{
  removeSuppressions(input: $input) {{ results {{ {ONE} }} errors {{ field code }} }} }}"""
LIST = """query ($first: Int, $after: String, $filter: SuppressionFilterInput) {
  suppressions(first: $first, after: $after, filter: $filter) {
    totalCount pageInfo { hasNextPage endCursor } nodes { id address reason } } }"""
LOG = (
    'query { auditLog(first: 1, filter: {action: "addSuppression"}) { nodes { outcome targets } } }'
)


def address() -> str:
    return f"{ObjectId()}@example.com"


async def listed(edge: Edge, **variables: Any) -> Any:
    return (await edge.data(LIST, variables))["suppressions"]


async def test_an_address_is_added_looked_up_and_removed_and_that_is_on_record(edge: Edge) -> None:
    one = address()
    given = {"channel": "EMAIL", "address": one.upper(), "note": "asked by phone"}
    added = (await edge.data(ADD, {"input": given}))["addSuppression"]
    expected: dict[str, Any] = {"channel": "EMAIL", "address": one, "reason": "MANUAL", "by": OWN}
    expected |= {"note": "asked by phone", "messageId": None}
    found = {name: added["suppression"][name] for name in expected}
    assert (found, added["errors"]) == (expected, [])
    looked_up = await listed(edge, filter={"address": one.title()})
    assert [node["id"] for node in looked_up["nodes"]] == [added["suppression"]["id"]]
    assert looked_up["totalCount"] == 1
    (entry,) = (await edge.data(LOG))["auditLog"]["nodes"]
    assert entry == {"outcome": "DONE", "targets": [added["suppression"]["id"]]}
    gone = {"channel": "EMAIL", "address": one}
    removed = (await edge.data(REMOVE, {"input": gone}))["removeSuppression"]
    assert removed["suppression"] == added["suppression"]
    again = (await edge.data(REMOVE, {"input": gone}))["removeSuppression"]
    assert again == {"suppression": None, "errors": [{"field": "address", "code": "NOT_FOUND"}]}


async def test_many_are_added_and_removed_and_one_mistake_stops_no_other(edge: Edge) -> None:
    many = [{"channel": "EMAIL", "address": address()} for _ in range(5)]
    bad = {"channel": "EMAIL", "address": "no address"}
    for document, name in ((ADD_MANY, "addSuppressions"), (REMOVE_MANY, "removeSuppressions")):
        answer = (await edge.data(document, {"input": {"suppressions": [*many, bad]}}))[name]
        *good, wrong = answer["results"]
        assert [one["suppression"]["address"] for one in good] == [one["address"] for one in many]
        assert wrong["errors"] == [{"field": "address", "code": "INVALID"}]


async def test_more_than_a_thousand_at_once_are_refused(edge: Edge) -> None:
    many = [{"channel": "EMAIL", "address": "a@example.com"}] * 1_001
    answer = (await edge.data(ADD_MANY, {"input": {"suppressions": many}}))["addSuppressions"]
    assert answer == {"results": [], "errors": [{"field": "suppressions", "code": "TOO_MANY"}]}


async def test_the_list_is_gone_through_page_by_page(edge: Edge) -> None:
    many = [{"channel": "EMAIL", "address": address()} for _ in range(5)]
    await edge.data(ADD_MANY, {"input": {"suppressions": many}})
    seen: list[str] = []
    after = None
    while True:
        page = await listed(edge, first=2, after=after, filter={"reasons": ["MANUAL"]})
        seen += [node["address"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == sorted(set(seen))
    assert set(seen) >= {one["address"] for one in many}


async def test_a_cursor_that_nobody_gave_out_is_refused(edge: Edge) -> None:
    for bad in ("x", "U3VwcHJlc3Npb246eno", "Q2xpZW50OjE"):
        answer = await edge.ask(LIST, {"after": bad})
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]
