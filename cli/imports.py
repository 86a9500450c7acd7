"""`belfry import`: clients from a file."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import IO, Annotated, Any

import typer

from cli import transfer
from cli.command import Call, command
from cli.screen import Screen, clean
from cli.server import REFUSED
from core.errors import Invalid

STDIN = "-"
PACKED = ".gz"
FORMATS = {"csv": "text/csv", "ndjson": "application/x-ndjson"}
ENDINGS = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson"}
COUNTS = ("created", "updated", "unchanged", "refused", "repeated")

File = Annotated[str, typer.Argument(metavar="FILE", help="A table; - for standard input.")]
Format = Annotated[
    str | None, typer.Option("--format", help="csv or ndjson; else by the file's name.")
]


def join(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "import")(import_clients)


async def import_clients(
    call: Call,
    file: File,
    kind: Format = None,
    dry_run: Annotated[bool, typer.Option(help="Check everything, write nothing.")] = False,
    ignore_unknown: Annotated[bool, typer.Option(help="Pass over unknown columns.")] = False,
) -> None:
    """Add and change clients, known by their phones; exit 1 if any row was refused."""
    chosen = format_of(file, kind)
    headers = {"Content-Type": FORMATS[chosen]}
    if file.endswith(PACKED):
        headers["Content-Encoding"] = "gzip"
    params = [
        ("format", chosen),
        ("dryRun", _said(dry_run)),
        ("ignoreUnknown", _said(ignore_unknown)),
    ]
    source, size = _opened(file)
    with source, transfer.progress(file, size) as advance:
        pieces = _pieces(source, advance)
        report = await transfer.send(call.server, "/clients/import", params, headers, pieces)
    _tell(call.screen, report)
    if report["refused"]:
        raise typer.Exit(REFUSED)


def format_of(file: str, said: str | None) -> str:
    """The format of a file, by what was said or else by its name; raises Invalid."""
    found = said or ENDINGS.get(Path(file.removesuffix(PACKED)).suffix.lower())
    if found not in FORMATS:
        raise Invalid(f"--format takes {' or '.join(FORMATS)}; the file's name does not say which")
    return found


def _said(flag: bool) -> str:
    return str(flag).lower()


def _opened(file: str) -> tuple[IO[bytes], int | None]:
    """The file and its size, as far as it has one."""
    if file == STDIN:
        return sys.stdin.buffer, None
    try:
        opened = Path(file).open("rb")  # noqa: SIM115 - the caller closes it
    except OSError as error:
        raise Invalid(f"{file} can't be read ({error.strerror})") from None
    return opened, Path(file).stat().st_size or None


async def _pieces(source: IO[bytes], advance: transfer.Advance) -> AsyncIterator[bytes]:
    # Standard input may rest for a while, and the connection must not.
    while piece := await asyncio.to_thread(source.read, transfer.PIECE):
        yield piece
        advance(len(piece))


def _tell(screen: Screen, report: Mapping[str, Any]) -> None:
    if screen.as_json:
        screen.json(report)
        return
    for error in report["errors"]:
        field = f"{error['field']}: " if error["field"] else ""
        screen.line(clean(f"line {error['line']}: {field}{error['message']}"))
    if report["moreErrors"]:
        screen.line(f"and {report['moreErrors']} more")
    for repeat in report["repeats"]:
        what = f"line {repeat['line']}: phone: the same as in line {repeat['earlier']}"
        screen.line(f"{what}; this one holds")
    told = ", ".join(f"{report[name]:,} {name}" for name in COUNTS if report[name])
    dry = " (dry run: nothing was written)" if report["dryRun"] else ""
    screen.line(f"{report['rows']:,} rows: {told or 'nothing to do'}{dry}")
