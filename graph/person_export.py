"""All that is held about a person as a table."""

import json

from starlette.requests import Request
from starlette.responses import Response

from graph import export, ids
from graph.errors import at_field
from graph.export import Sheet
from graph.rejection import Rejected
from graph.transfer import Parameters
from models.erasure import Person
from rules import addresses
from rules.roles import Permission
from rules.table import Column
from services import person_export

COLUMNS = (
    Column("kind", "kind"),
    Column("id", "id"),
    Column("at", "at"),
    Column("data", "data", to_cell=lambda data: json.dumps(data, ensure_ascii=False, default=str)),
)


async def export_person(request: Request) -> Response:
    """`GET /persons/export?format=ndjson&user=...` or `&client=...`."""
    return await export.answer(request, Permission.MANAGE_PERSONS, _sheet)


def _sheet(request: Request) -> Sheet:
    said = Parameters(request, one=("format", "user", "client"))
    user, client = said.one("user"), said.one("client")
    if (user is None) == (client is None):
        raise Rejected(400, "name either a `user` or a `client`")
    parts = request.app.state.parts
    if user is not None:
        user_id = at_field("user", addresses.object_id, user)
        rows = person_export.of_person(parts, Person.USER, user_id, [str(user_id)])
    else:
        client_id = at_field("client", lambda raw: ids.object_id("Client", raw), client)
        rows = person_export.of_person(
            parts, Person.CLIENT, client_id, [str(client), str(client_id)]
        )
    return Sheet("person", said.format(), COLUMNS, rows)
