"""`belfry health`: asks a process how it is, for probes that run commands."""

import asyncio
from typing import Annotated

import typer

from core.errors import BelfryError, Invalid, Unavailable

ANY = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - nothing is bound
"""Where a process that listens everywhere is found from here."""
SECONDS = 4.0
"""Orchestrators give up after 5 s."""


def join(app: typer.Typer) -> None:
    """Add the command."""
    app.command("health")(health)


def health(
    worker: Annotated[bool, typer.Option(help="A worker, by HEALTH_PORT; else the API.")] = False,
    ready: Annotated[bool, typer.Option(help="Whether it can work now, not only lives.")] = False,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Else by the settings.")
    ] = None,
) -> None:
    """Exit 0 if the API (or a worker) on this machine lives, or is ready; else 2."""
    from core import settings

    said = settings.load()
    host, usual = (said.health_host, said.health_port) if worker else (said.host, said.port)
    if not (where := port or usual):
        raise Invalid("set HEALTH_PORT for the worker, or give --port: it answers nowhere")
    address = ANY.get(host, host)
    netloc = f"[{address}]:{where}" if ":" in address else f"{address}:{where}"
    typer.echo(asyncio.run(_ask(f"http://{netloc}/health/{'ready' if ready else 'live'}")))


async def _ask(url: str) -> str:
    from aiohttp import ClientError, ClientSession, ClientTimeout

    try:
        async with (
            ClientSession(timeout=ClientTimeout(total=SECONDS)) as http,
            http.get(url, allow_redirects=False) as response,
        ):
            said = await response.text()
    except (ClientError, OSError) as error:  # TimeoutError is an OSError
        raise Unavailable(f"{url} doesn't answer ({str(error) or type(error).__name__})") from None
    if response.status != 200:
        raise _Bad(f"{url}: {said}")
    return said


class _Bad(BelfryError):
    """It says itself that it is not well."""

    code = "UNAVAILABLE"
