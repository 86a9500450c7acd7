"""`belfry logs`: everything that logs say about one mailing, message, client, user or request (M23)."""

import json
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import log_files
from cli.command import to_its_end
from cli.screen import clean
from cli.trail import Trail, wanted
from core.errors import Invalid

NOTHING = 1
"""Exit code where no line is about it, as grep has it."""
_FIRST = ("timestamp", "process", "event", "level")

Files = Annotated[
    list[str] | None,
    typer.Argument(metavar="[FILE...]", help="Of JSON, also .gz; - is standard input."),
]
About = Annotated[str | None, typer.Option(metavar="ID", help="As the API or a log has it.")]
AsJson = Annotated[bool, typer.Option("--json", help="The lines as they are.")]
Data = Annotated[Path, typer.Option(help="Folder of `belfry up`, whose logs are read by default.")]


def join(app: typer.Typer) -> None:
    """Add it to the command line."""
    app.command()(logs)


def logs(
    files: Files = None,
    mailing: About = None,
    message: About = None,
    client: About = None,
    user: About = None,
    request: About = None,
    as_json: AsJson = False,
    data: Data = Path(".belfry"),
) -> None:
    """Find in logs all that is about one mailing, message, client, user or request."""
    asked = {"mailing": mailing, "message": message, "client": client, "user": user}
    asked["request"] = request
    about = [wanted(name, said) for name, said in asked.items() if said]
    if not about:
        raise Invalid("say what about: --mailing, --message, --client, --user or --request")
    read = log_files.Read()
    work = partial(_tell, _sources(files, data), Trail(about), read, as_json=as_json)
    found = to_its_end(work)
    if read.broken:
        _say(f"{read.broken} of {read.lines} lines passed over, which are no events in JSON")
    if not found:
        _say(f"nothing about it in {read.lines} lines")
        sys.exit(NOTHING)


def _sources(files: list[str] | None, data: Path) -> list[str]:
    found = files or log_files.of_folder(data)
    if not found and sys.stdin.isatty():
        raise Invalid(f"{data} has no logs of `belfry up`; name files, or pipe a log in")
    return found or [log_files.STDIN]


def _tell(names: list[str], trail: Trail, read: log_files.Read, *, as_json: bool) -> int:
    found = 0
    for line, event in log_files.lines(names, read):
        if trail.leads_to(event):
            found += 1
            text = line.decode(errors="replace") if as_json else "\n".join(_readable(event))
            typer.echo(text)
    return found


def _readable(event: dict[str, Any]) -> Iterator[str]:
    """A line for people, and those of its traceback."""
    level = event.get("level")
    first = [event["timestamp"], f"{event.get('process', ''):6}", event["event"]]
    rest = {**event}
    trace = str(rest.pop("exception", ""))
    said = [f"{name}={_value(value)}" for name, value in rest.items() if name not in _FIRST]
    loud = [f"[{level}]"] if level in ("warning", "error") else []
    yield clean(" ".join(map(str, [*first, *loud, *said])))
    for line in trace.splitlines():
        yield f"    {clean(line)}"


def _value(value: object) -> str:
    if isinstance(value, str) and value and " " not in value:
        return value
    return json.dumps(value, ensure_ascii=False)


def _say(what: str) -> None:
    typer.echo(f"belfry: {what}", err=True)
