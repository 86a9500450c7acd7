"""What the SMTP sink has got, as a page for people and as JSON for tests."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.errors import Invalid
from local.ledger_routes import bad_request, ledger_routes
from local.mail_faults import mail_faults_from
from local.pages import Page
from local.smtp_sink import Sink

SHOWN = 100
"""Mails on the page."""

# What a mail's HTML says is shown in a frame of its own, without scripts and without an origin; it
# inherits the page's policy, by which it can load nothing.
_PAGE = Page(
    "Mail",
    """
<p>{{ count }} kept, the last {{ mails | length }} shown. <a href="/mails.json">JSON</a></p>
<table><tr><th>at</th><th>from</th><th>to</th><th>subject</th><th>text</th></tr>
{% for mail in mails %}
<tr><td>{{ mail.at.isoformat() }}</td><td>{{ mail.sender }}</td>
<td>{{ mail.recipients | join(", ") }}</td><td>{{ mail.headers.get("Subject", "") }}</td>
<td><pre>{{ mail.text }}</pre>
{% if mail.html %}<details><summary>HTML</summary>
<iframe sandbox title="HTML" srcdoc="{{ mail.html }}" width="600" height="400"></iframe></details>
{% endif %}</td></tr>
{% endfor %}</table>
""",
)


def mail_page(sink: Sink) -> Starlette:
    """The app: `/`, `/mails.json?to=`, `DELETE /mails`, `/_faults`, `/_ledger`, `.ndjson`.

    `/_faults` has the sink's knobs, and the ledger all mails taken: also those no longer kept.
    """
    desk = _Desk(sink)
    return Starlette(
        routes=[
            Route("/", desk.page),
            Route("/mails.json", desk.mails),
            Route("/mails", desk.clear, methods=["DELETE"]),
            Route("/_faults", desk.get_faults),
            Route("/_faults", desk.put_faults, methods=["PUT"]),
            *ledger_routes(sink.ledger),
        ]
    )


class _Desk:
    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    async def page(self, request: Request) -> Response:
        mails = list(self._sink.mails)[: -SHOWN - 1 : -1]
        return _PAGE.show(count=len(self._sink.mails), mails=mails)

    async def mails(self, request: Request) -> Response:
        to = request.query_params.get("to")
        chosen = self._sink.mails if to is None else self._sink.to(to)
        return JSONResponse([mail.as_json() for mail in chosen])

    async def clear(self, request: Request) -> Response:
        self._sink.clear()
        return Response(status_code=204)

    async def get_faults(self, request: Request) -> Response:
        return JSONResponse(self._sink.faults.model_dump())

    async def put_faults(self, request: Request) -> Response:
        try:
            self._sink.faults = mail_faults_from(await request.body())
        except Invalid as error:
            return bad_request(error)
        return await self.get_faults(request)
