"""Clients that come in as a table."""

from dataclasses import asdict, replace
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from graph import rejection
from graph.accept import LEGACY
from graph.recording import allowed
from graph.rejection import ALWAYS, Rejected
from graph.streams import Streams
from graph.transfer import Parameters, enter
from graph.upload import Upload
from rules.roles import Permission
from rules.table import Format
from services import imports
from services.import_report import Report
from services.imports import Order

MOST = 4
MOST_OF_ONE = 2
_MEDIA_TYPES = {
    Format.CSV: ("text/csv",),
    Format.NDJSON: ("application/x-ndjson", "application/ndjson", "application/jsonl"),
}

open_imports = Streams(MOST, MOST_OF_ONE, "imports")


async def import_clients(request: Request) -> Response:
    """`POST /clients/import?format=csv&dryRun=true`: add and change clients by their phones."""
    headers = dict[str, str]()
    try:
        report = await _import(request, headers)
    except Exception as error:  # noqa: BLE001 - nothing of it may reach the client unmasked
        return rejection.answer(rejection.of(error), LEGACY, headers)
    return Response(orjson.dumps(report), 200, {**ALWAYS, **headers}, LEGACY)


async def _import(request: Request, headers: dict[str, str]) -> dict[str, Any]:
    context = await enter(request, headers)
    said = Parameters(request, one=("format", "dryRun", "ignoreUnknown"))
    order = Order(said.format(), said.flag("dryRun"), said.flag("ignoreUnknown"))
    asked_for = {"format": order.format, "dryRun": order.dry_run}
    by = await allowed(context, Permission.MANAGE_CLIENTS, imports.ACTION, asked_for)
    _check_content_type(request.headers.get("content-type", ""), order.format)
    upload = Upload(request, context.parts.settings.import_bytes)
    open_imports.check(by)
    # A token may come to its end meanwhile; a key that is revoked stops it.
    for_long = replace(by, expires_at=None)
    with open_imports.entered(for_long, upload.end, getattr(request.state, "wire", None)):
        report = await imports.run(context.parts, by, upload.pieces(), order)
    return _told(report, order)


def _check_content_type(said: str, kind: Format) -> None:
    # A form or plain text could come from any page by a browser's simple request (CSRF).
    media_type, _, parameters = said.lower().partition(";")
    if media_type.strip() not in _MEDIA_TYPES[kind]:
        named = media_type.strip() or "nothing"
        raise Rejected(415, f"send a table of this format as {kind.media_type}, not {named}")
    _, _, charset = parameters.partition("charset=")
    if charset.strip().strip('"') not in ("", "utf-8"):
        raise Rejected(415, "send the table in UTF-8")


def _told(report: Report, order: Order) -> dict[str, Any]:
    return {
        "dryRun": order.dry_run,
        **{name: count for name, count in report.counts.items() if name != "more_errors"},
        "errors": [asdict(error) for error in report.errors],
        "moreErrors": report.more_errors,
        "repeats": [asdict(repeat) for repeat in report.repeats],
    }
