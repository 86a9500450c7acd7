"""The command `belfry`. What a command needs is imported inside it, so that each starts fast."""

import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from cli.app import join
from cli.server import REFUSED, Refused
from core.errors import BelfryError, ConfigurationError, Invalid
from jobs import api_key_command, migrate_command, restored_command
from rules.roles import Role

app = typer.Typer(
    help="Belfry: a self-hosted notification service with one GraphQL API.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.add_typer(api_key_command.app, name="api-key")
app.command("migrate")(migrate_command.migrate)
app.command("restored")(restored_command.restored)
join(app)

FAILED = 2
"""Exit code when Belfry can say what is wrong."""

LOCAL_LIFETIME = timedelta(minutes=15)
"""Of the tokens that commands sign for themselves; at a reconnection they sign anew."""

LOOPBACK = "127.0.0.1"
HIGHEST_PORT = 65_535

Host = Annotated[str | None, typer.Option(help="Address to listen on; else HOST.")]
ApiPort = Annotated[int | None, typer.Option(min=1, max=HIGHEST_PORT, help="Else PORT.")]
Port = Annotated[int, typer.Option(min=1, max=HIGHEST_PORT)]
OptionalPort = Annotated[int | None, typer.Option(min=1, max=HIGHEST_PORT)]
Data = Annotated[Path, typer.Option(help="Folder of `belfry up`.")]
BasePort = Annotated[int, typer.Option(min=1, max=65_530, help="First of six ports in a row.")]


def main() -> None:
    """Run the command line; an error that Belfry knows is one red line and exit code 2.

    What a server refuses is a line for each reason, and exit code 1.
    """
    try:
        app(obj=_local_token)
    except Refused as error:
        for line in error.lines:
            _complain(line)
        sys.exit(REFUSED)
    except BelfryError as error:
        _complain(str(error))
        sys.exit(FAILED)


@app.command()
def up(
    data: Data = Path(".belfry"),
    base_port: BasePort = 8000,
    demo: Annotated[bool, typer.Option(help="Put in demo data at the first start.")] = True,
) -> None:
    """Run everything here, databases included; Ctrl-C stops it."""
    import asyncio

    from local import stack

    asyncio.run(stack.up(data, base_port, demo))


@app.command()
def serve(host: Host = None, port: ApiPort = None) -> None:
    """Run the API."""
    from core import settings
    from graph.app import serve

    given = {"host": host, "port": port}
    serve(settings.load(**{name: value for name, value in given.items() if value is not None}))


@app.command()
def work(
    lane: Annotated[
        list[str] | None, typer.Option(help="personal or bulk; both if absent.")
    ] = None,
) -> None:
    """Run a worker, which delivers."""
    from core import settings
    from jobs.lanes import LANES
    from jobs.worker import work

    work(settings.load(), lane or LANES)


@app.command()
def reconcile(
    mailing: Annotated[str | None, typer.Option(help="Id of one mailing; all if absent.")] = None,
) -> None:
    """Compare the counters of mailings with their messages; exit 1 if any differ."""
    import asyncio

    from core import settings
    from jobs.reconcile import compare

    async def run() -> list[bool]:
        differ = []
        async for mailing_id, differences in compare(settings.load(), _mailing_id(mailing)):
            found = ", ".join(f"{key} {by:+}" for key, by in differences.items())
            typer.echo(f"{mailing_id}: {found or 'no difference'}")
            differ.append(bool(differences))
        return differ

    differ = asyncio.run(run())
    if mailing is not None and not differ:
        raise Invalid("--mailing: there is no such mailing")
    if any(differ):
        sys.exit(1)


@app.command()
def token(
    role: Annotated[Role, typer.Option(help="What its bearer may do.")],
    subject: Annotated[str, typer.Option(help="Id of the user it speaks for: 24 hex digits.")],
    hours: Annotated[float, typer.Option(min=0.01, help="How long it holds.")] = 24.0,
    data: Annotated[Path | None, typer.Option(help="Sign by the key of this folder.")] = None,
) -> None:
    """Print a token, signed by JWT_SECRET or, without that, by the key of `belfry up`."""
    from core import settings, tokens

    if not re.fullmatch("[0-9a-f]{24}", subject):
        raise Invalid("--subject takes 24 hex digits, such as 0be1f7000000000000000001")
    expected = tokens.Expected.by(settings.load())
    typer.echo(tokens.sign(_secret(data), subject, role, timedelta(hours=hours), expected))


@app.command()
def schema(
    check: Annotated[Path | None, typer.Option(help="Compare with this file instead.")] = None,
) -> None:
    """Print the GraphQL schema, or show how a file differs from it and exit 1."""
    from graph.schema import export

    if check is None:
        typer.echo(export(), nl=False)
        return
    difference = _difference(check, export())
    if difference:
        typer.echo(difference, nl=False)
        sys.exit(1)


@app.command()
def outside(
    host: Annotated[str, typer.Option()] = LOOPBACK,
    port: Port = 8001,
    smtp_port: OptionalPort = None,
    mail_port: OptionalPort = None,
    ledger: Annotated[Path | None, typer.Option(help="File of what was accepted.")] = None,
) -> None:
    """Run the emulator of the outside services, for development only."""
    from core import settings
    from local.outside import run

    api_token = settings.load().sending_api_token.get_secret_value()
    try:
        run(host, port, api_token, ledger, smtp_port, mail_port)
    except OSError as error:
        raise ConfigurationError(f"the emulator can't start: {error}") from None


@app.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        typer.echo(installed("belfry"))
    except PackageNotFoundError:
        typer.echo("not installed: this is a checkout")


def _mailing_id(said: str | None) -> str | None:
    """A mailing's id as logs have it; the API's is taken, too."""
    from graph import ids

    if said is None or re.fullmatch("[0-9a-f]{24}", said):
        return said
    return str(ids.object_id("Mailing", said))


def _secret(data: Path | None) -> str:
    """The key of the folder asked for, else JWT_SECRET, else the key of the usual folder."""
    from core import settings
    from local.folder import DEFAULT, read_keys

    secret = settings.load().jwt_secret.get_secret_value()
    keys = read_keys(data or DEFAULT) if data or not secret else None
    if data and keys is None:
        raise ConfigurationError(f"{data} holds no keys; `belfry up --data {data}` makes them")
    return keys.jwt_secret if keys else secret


def _local_token() -> str | None:
    """An administrator's token by the key of the usual folder; None where no `belfry up` has been."""
    from core import settings, tokens
    from local.folder import DEFAULT, STAFF, read_keys

    keys = read_keys(DEFAULT)
    if keys is None:
        return None
    expected = tokens.Expected.by(settings.load())
    return tokens.sign(keys.jwt_secret, STAFF, Role.ADMIN, LOCAL_LIFETIME, expected)


def _complain(line: str) -> None:
    typer.secho(f"belfry: {line}", fg=typer.colors.RED, err=True)


def _difference(path: Path, wanted: str) -> str:
    import difflib

    try:
        found = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"can't read {path}: {error}") from None
    lines = difflib.unified_diff(
        found.splitlines(keepends=True), wanted.splitlines(keepends=True), str(path), "the schema"
    )
    return "".join(lines)


if __name__ == "__main__":
    main()
