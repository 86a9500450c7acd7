"""The command `python -m bench`."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench.report import markdown, tables, write
from bench.run import NAMES, QUICK, Size, run
from core.errors import BelfryError, ConfigurationError

FAILED = 2

Only = Annotated[list[str] | None, typer.Option(help=f"Of {', '.join(NAMES)}; all if absent.")]
Write = Annotated[
    Path | None, typer.Option("--write", help="A file whose section of results is replaced.")
]
Quick = Annotated[bool, typer.Option("--quick", help="Fewer, shorter turns.")]


def bench(only: Only = None, quick: Quick = False, write_to: Write = None) -> None:
    """Measure Belfry against the raw ceiling of the same parts, in turns, in one run."""
    unknown = set(only or ()) - set(NAMES)
    if unknown:
        raise ConfigurationError(
            f"there is no {', '.join(sorted(unknown))}; take {', '.join(NAMES)}"
        )
    console = Console(width=None if sys.stdout.isatty() else 140, highlight=False)
    names = [name for name in NAMES if name in (only or NAMES)]
    results = run(QUICK if quick else Size(), names, console.print)
    for table in tables(results):
        console.print(table)
    for line in results.machine.lines():
        console.print(line)
    if write_to is not None:
        command = shlex.join(["python", "-m", "bench", *sys.argv[1:]])
        write(write_to, markdown(results, command))


def main() -> None:
    """Run the command line."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(bench)
    try:
        app()
    except BelfryError as error:
        typer.secho(f"bench: {error}", fg=typer.colors.RED, err=True)
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
