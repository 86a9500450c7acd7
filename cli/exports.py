"""`belfry export`: tables into files."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated

import typer

from cli import transfer
from cli.command import Call, command
from cli.imports import STDIN, Format, format_of
from cli.options import Operators, Tags
from core.errors import Invalid

app = typer.Typer(help="Write tables.", no_args_is_help=True)

Out = Annotated[str, typer.Option("--out", help="File to write; - for standard output.")]


@command(app, "clients")
async def clients(
    call: Call,
    out: Out = STDIN,
    kind: Format = None,
    operator: Operators = None,
    tag: Tags = None,
    zone: Annotated[list[str] | None, typer.Option(help="IANA name; repeat.")] = None,
) -> None:
    """The directory: AND between the filters, OR inside one."""
    many = {"operatorCode": operator, "tag": tag, "timeZone": zone}
    params = [(name, value) for name, values in many.items() for value in values or ()]
    await write(call, "/clients/export", params, out, kind)


async def write(call: Call, path: str, params: transfer.Params, out: str, kind: str | None) -> None:
    """A table of the server into a file, or to standard output."""
    usual = "ndjson" if call.screen.as_json else "csv"
    chosen = format_of(out, kind or usual if out == STDIN else kind)
    asked = [*params, ("format", chosen)]
    if out == STDIN:
        await _copy(call, path, asked, sys.stdout.buffer)
        return
    with _whole(out) as target:
        size = await _copy(call, path, asked, target)
    if call.screen.as_json:
        call.screen.json({"file": out, "bytes": size})
    else:
        call.screen.aside(f"{out}: {size:,} bytes")


@contextmanager
def _whole(out: str) -> Iterator[IO[bytes]]:
    """A file that has its name only once all of it is there."""
    part = Path(f"{out}.part")
    try:
        with part.open("wb") as target:
            yield target
        part.replace(out)
    except OSError as error:
        raise Invalid(f"{out} can't be written ({error.strerror})") from None
    finally:
        part.unlink(missing_ok=True)


async def _copy(call: Call, path: str, params: transfer.Params, target: IO[bytes]) -> int:
    size = 0
    with transfer.progress(path.split("/")[1], None) as advance:
        async for piece in transfer.fetch(call.server, path, params):
            target.write(piece)
            size += len(piece)
            advance(len(piece))
    target.flush()
    return size
