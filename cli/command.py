"""What every command against a server has: where it is, who asks, and how to answer."""

import asyncio
import inspect
import os
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial, wraps
from typing import Annotated, Any, Concatenate, ParamSpec, TypeVar

import typer

from cli.screen import Screen
from cli.server import DEFAULT_URL, Server, address, is_loopback

P = ParamSpec("P")
Result = TypeVar("Result")
INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""
CUT_OFF = 141
"""Exit code when nobody reads the output any more, as of a program that SIGPIPE ended."""

Url = Annotated[str, typer.Option(envvar="BELFRY_URL", help="The server.")]
Token = Annotated[
    str | None,
    typer.Option(
        envvar="BELFRY_TOKEN",
        help="Bearer token or API key; else, for this machine, by the key of `belfry up` here.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON; streams a line each.")]


@dataclass(frozen=True, slots=True)
class Call:
    """One command under way."""

    server: Server
    screen: Screen

    async def ask(self, document: str, **variables: object) -> Any:  # noqa: ANN401 - JSON
        """The value of the operation's one field; raises what `Server.ask` does."""
        (value,) = (await self.server.ask(document, variables)).values()
        return value


Work = Callable[Concatenate[Call, P], Coroutine[Any, Any, None]]


def command(
    app: typer.Typer, name: str, options_of: Callable[..., object] | None = None
) -> Callable[[Work[P]], Work[P]]:
    """Make a command of what to do on a server; `--url`, `--token` and `--json` are added.

    One that takes what another one takes names it by `options_of`.
    """

    def add(work: Work[P]) -> Work[P]:
        @wraps(work)
        def run(
            belfry: typer.Context, url: str, token: str | None, as_json: bool, **arguments: object
        ) -> None:
            where = address(url)
            bearer = partial(_bearer, where, token, belfry.obj)
            said: Any = arguments
            calling = _calling(where, bearer, Screen(as_json), partial(work, **said))
            to_its_end(partial(asyncio.run, calling))

        run.__dict__["__signature__"] = _signature(options_of or work)
        app.command(name)(run)
        return work

    return add


def _signature(work: Callable[..., object]) -> inspect.Signature:
    """What Typer reads: the parameters of `work` but the first, and then those of all commands."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    _, *own = inspect.signature(work).parameters.values()
    common = [
        inspect.Parameter("url", keyword, default=DEFAULT_URL, annotation=Url),
        inspect.Parameter("token", keyword, default=None, annotation=Token),
        inspect.Parameter("as_json", keyword, default=False, annotation=AsJson),
    ]
    context = inspect.Parameter("belfry", keyword, annotation=typer.Context)
    return inspect.Signature([context, *(each.replace(kind=keyword) for each in own), *common])


def _bearer(url: str, token: str | None, local: Callable[[], str | None] | None) -> str | None:
    """Who asks; a token by the key of a local folder leaves this machine under no circumstances."""
    if token or local is None or not is_loopback(url):
        return token or None
    return local()


async def _calling(
    url: str,
    bearer: Callable[[], str | None],
    screen: Screen,
    work: Callable[[Call], Coroutine[Any, Any, None]],
) -> None:
    async with Server.reached(url, bearer) as server:
        await work(Call(server, screen))


def to_its_end(work: Callable[[], Result]) -> Result:
    """Do it to its end, or to Ctrl-C, or until nobody reads what it says."""
    try:
        result = work()
        sys.stdout.flush()
        return result
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # What is still in the buffer must not fail again when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(CUT_OFF)
