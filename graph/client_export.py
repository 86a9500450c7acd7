"""The directory of clients as a table."""

from starlette.requests import Request
from starlette.responses import Response

from graph import export
from graph.export import Sheet
from graph.paging import choices
from graph.transfer import Parameters
from rules.client_table import COLUMNS
from rules.roles import Permission
from services import exports
from services.clients import ClientFilter


async def export_clients(request: Request) -> Response:
    """`GET /clients/export?format=csv&tag=vip`: what fits all of the parameters."""
    return await export.answer(request, Permission.EXPORT, _sheet)


def _sheet(request: Request) -> Sheet:
    said = Parameters(request, one=("format", "phone"), many=("operatorCode", "tag", "timeZone"))
    wanted = ClientFilter(
        said.one("phone"),
        choices("operatorCode", said.many("operatorCode")),
        choices("tag", said.many("tag")),
        choices("timeZone", said.many("timeZone")),
    )
    fields = [column.field for column in COLUMNS]
    return Sheet("clients", said.format(), COLUMNS, exports.of_clients(wanted, fields))
