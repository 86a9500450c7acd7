"""`belfry preferences`: what a user or a client wants to hear nothing of."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from cli.command import Call, command
from cli.recipients import recipient
from core.errors import Invalid

app = typer.Typer(help="What recipients have muted.", no_args_is_help=True)

_MUTED = "muted { topic channel } topics { key critical channels { channel muted } }"
SHOW = f"""query Preferences($owner: PreferencesOwnerInput!) {{
  preferences(owner: $owner) {{ {_MUTED} }}
}}"""
SET = f"""mutation SetPreferences($input: SetPreferencesInput!) {{
  setPreferences(input: $input) {{ preferences {{ {_MUTED} }} errors {{ field message code }} }}
}}"""

ANY = "*"
_OWNERS = {"userId", "clientId"}

Whose = Annotated[
    str, typer.Argument(metavar="WHO", help="user:65f0c3a1b2c3d4e5f6a7b8c9, or a client's id.")
]
Entries = Annotated[
    list[str],
    typer.Argument(metavar="TOPIC/CHANNEL...", help="As new_post/email; * is any on either side."),
]


@command(app, "show")
async def show(call: Call, who: Whose) -> None:
    """What a recipient has muted."""
    _tell(call, await call.ask(SHOW, owner=_owner(who)))


@command(app, "mute")
async def mute(call: Call, who: Whose, entries: Entries) -> None:
    """Mute topics by channels, besides what is."""
    said = {"owner": _owner(who), "mute": _mutes(entries)}
    _tell(call, (await call.ask(SET, input=said))["preferences"])


@command(app, "unmute")
async def unmute(call: Call, who: Whose, entries: Entries) -> None:
    """Mute them no more; entries are those that `show` tells."""
    said = {"owner": _owner(who), "unmute": _mutes(entries)}
    _tell(call, (await call.ask(SET, input=said))["preferences"])


def _tell(call: Call, found: dict[str, Any]) -> None:
    if call.screen.as_json:
        call.screen.json(found)
        return
    rows = [
        {"entry": f"{each['topic'] or ANY}/{(each['channel'] or ANY).lower()}"}
        for each in found["muted"]
    ]
    call.screen.rows(rows, {"muted": "entry"})


def _owner(said: str) -> dict[str, str]:
    found = recipient(said)
    if not found.keys() <= _OWNERS:
        raise Invalid(f"WHO is user: and the id of a user, or the id of a client, not {said!r}")
    return found


def _mutes(entries: Sequence[str]) -> list[dict[str, str | None]]:
    return [_mute(each) for each in entries]


def _mute(said: str) -> dict[str, str | None]:
    topic, slash, channel = said.rpartition("/")
    if not slash or not topic or not channel:
        raise Invalid(f"an entry is TOPIC/CHANNEL, as new_post/email or */email, not {said!r}")
    name = channel.upper().replace("-", "_")
    return {"topic": None if topic == ANY else topic, "channel": None if name == ANY else name}
