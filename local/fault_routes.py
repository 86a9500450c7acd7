"""The knobs of an emulated service over HTTP: read, and turned."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.errors import Invalid
from local.emulated import Emulated
from local.faults import Dice, faults_from
from local.ledger_routes import bad_request


def fault_routes(emulated: Emulated, below: str = "") -> list[Route]:
    """`/_faults`, with what distinguishes the service below it."""

    async def show(request: Request) -> Response:
        return JSONResponse(emulated.dice.faults.model_dump())

    async def turn(request: Request) -> Response:
        try:
            emulated.dice = Dice(faults_from(await request.body()))
        except Invalid as error:
            return bad_request(error)
        return await show(request)

    path = f"/_faults{below}"
    return [Route(path, show), Route(path, turn, methods=["PUT"])]
