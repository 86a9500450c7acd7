"""All commands that talk to a server, for `belfry.py` to take in."""

import typer

from cli import clients


def join(belfry: typer.Typer) -> None:
    """Add them to the command line."""
    belfry.add_typer(clients.app, name="clients")
