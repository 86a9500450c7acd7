"""Tables by a form of a page, which the browser itself writes to disk: the token is in its body."""

from typing import Any
from urllib.parse import urlencode

import pytest

from graph.body import LARGEST_UNKNOWN
from graph.form import FIELD, FORM, LARGEST
from rules.roles import Role
from tests.graph.conftest import OWN, Edge, token
from tests.graph.http import code_of, send
from tests.graph.test_export import put_in

PATH = "/clients/export?format=csv"
TABLES = (
    PATH,
    "/messages/export?format=csv",
    "/attempts/export?format=ndjson",
    "/history/export?format=csv",
    f"/persons/export?format=csv&user={OWN}",
)


def form(**fields: str) -> dict[str, Any]:
    """A browser's, of a page of ours."""
    headers = {"Content-Type": FORM, "Sec-Fetch-Site": "same-origin", "Origin": "null"}
    return {"data": urlencode(fields).encode(), "headers": headers}


def by(role: Role = Role.ADMIN) -> dict[str, Any]:
    return form(**{FIELD: f"Bearer {token(role)}"})


async def test_a_form_gets_the_table_that_the_url_asks_for(edge: Edge) -> None:
    tag = put_in(edge, 3)
    path = f"{PATH}&tag={tag}"
    async with edge.http.post(path, **by(Role.OPERATOR)) as response:
        assert response.status == 200
        assert response.headers["Content-Disposition"] == 'attachment; filename="clients.csv"'
        said = await response.text()
    headers = {"Authorization": f"Bearer {token('operator')}"}
    async with edge.http.get(path, headers=headers) as response:
        assert await response.text() == said
    assert len(said.splitlines()) == 4


@pytest.mark.parametrize("path", TABLES)
async def test_every_table_comes_by_a_form_to_who_may_have_it(edge: Edge, path: str) -> None:
    async with edge.http.post(path, **by()) as response:
        assert response.status == 200, await response.text()
        assert response.headers["Content-Disposition"].startswith("attachment")
    status, _, said = await send(edge, path=path, **by(Role.SUBSCRIBER))
    assert (status, code_of(said)) == (403, "FORBIDDEN")


async def test_a_form_of_another_site_gets_nothing(edge: Edge) -> None:
    foreign = by()
    foreign["headers"] |= {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example.com"}
    status, headers, said = await send(edge, path=PATH, **foreign)
    assert (status, code_of(said)) == (403, "FORBIDDEN")
    assert "content-disposition" not in headers


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        (form(**{FIELD: "Bearer s3cret-in-a-form"}), 401, "UNAUTHENTICATED"),
        (form(**{FIELD: "s3cret-in-a-form"}), 401, "UNAUTHENTICATED"),
        (form(**{FIELD: ""}), 400, "BAD_REQUEST"),
        (form(), 400, "BAD_REQUEST"),
        (form(token="s3cret-in-a-form"), 400, "BAD_REQUEST"),
        (form(**{FIELD: "Bearer s3cret-in-a-form", "s3cret-in-a-form": "x"}), 400, "BAD_REQUEST"),
        (form(**{f"x{at}": "s3cret-in-a-form" for at in range(11)}), 400, "BAD_REQUEST"),
        ({**form(), "data": f"{FIELD}=s3cret-in-a-form%FF".encode()}, 400, "BAD_REQUEST"),
        (form(**{FIELD: "s3cret-in-a-form" * (LARGEST // 16)}), 413, "TOO_LARGE"),
        (form(**{FIELD: "s3cret-in-a-form" * (LARGEST_UNKNOWN // 16)}), 413, "TOO_LARGE"),
        ({"json": {FIELD: "s3cret-in-a-form"}, "headers": {}}, 415, "BAD_REQUEST"),
    ],
)
async def test_what_is_wrong_with_a_form_is_told_without_its_words(
    edge: Edge, said: dict[str, Any], status: int, code: str
) -> None:
    answered, _, answer = await send(edge, path=PATH, **said)
    assert (answered, code_of(answer)) == (status, code)
    assert "s3cret" not in str(answer)
    assert "s3cret" not in edge.api.log.read_text()


async def test_a_token_that_got_a_table_is_in_no_log(edge: Edge) -> None:
    shown = token("operator", "5f0c3a1b2c3d4e5f6a7b8c77")
    async with edge.http.post(PATH, **form(**{FIELD: f"Bearer {shown}"})) as response:
        assert response.status == 200
        await response.read()
    assert shown not in edge.api.log.read_text()
    assert shown.rpartition(".")[2] not in edge.api.log.read_text()
