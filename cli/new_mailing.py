"""`belfry mailings create`, `preview`, `change` and `clone`."""

from typing import Annotated, Any

import typer

from cli.command import Call, command
from cli.mailings import FIELDS, MAILING
from cli.moments import EXAMPLES, moment
from cli.options import (
    Channels,
    Groups,
    Id,
    Key,
    Operators,
    Segments,
    Tags,
    enums,
    given,
    hours,
    words,
)
from cli.pairs import pairs

CREATE = f"""mutation CreateMailing($input: CreateMailingInput!) {{
  createMailing(input: $input) {{ mailing {{ ...Shown }} errors {{ field message code }} }}
}}
{MAILING}"""
CHANGE = f"""mutation ChangeMailing($input: UpdateMailingInput!) {{
  updateMailing(input: $input) {{ mailing {{ ...Shown }} errors {{ field message code }} }}
}}
{MAILING}"""
CLONE = f"""mutation CloneMailing($input: CloneMailingInput!) {{
  cloneMailing(input: $input) {{ mailing {{ ...Shown }} errors {{ field message code }} }}
}}
{MAILING}"""
PREVIEW = """query PreviewMailing($input: CreateMailingInput!) {
  mailingPreview(input: $input) {
    preview {
      messages unsent expectedFinish warnings
      audience {
        total channels { channel reachable } timeZones { timeZone clients }
      }
      samples { channel address dueAt subject text client { id } }
    }
    errors { field message code }
  }
}"""

PREVIEWED = {
    "messages": "messages",
    "clients": "audience.total",
    "left unsent": "unsent",
    "expected finish": "expectedFinish",
    "warnings": "warnings",
}
SAMPLE = {
    "client": "client.id",
    "channel": "channel",
    "address": "address",
    "due": "dueAt",
    "subject": "subject",
    "text": "text",
}
_LONGEST_GIST = 60
Text = Annotated[str | None, typer.Option(help="What it says; `-` reads it from standard input.")]
Name = Annotated[str | None, typer.Option(help="For the lists; else how the text begins.")]
Start = Annotated[str | None, typer.Option(help=f"{EXAMPLES}.")]
End = Annotated[str | None, typer.Option(help="Nothing leaves after it; said like the start.")]
Everyone = Annotated[bool, typer.Option("--all", help="Every client, instead of filters.")]
Window = Annotated[str | None, typer.Option(help="Hours of the client's own day: 09:00-21:00.")]
Template = Annotated[str | None, typer.Option(help="Slug of a template, instead of a text.")]
Context = Annotated[list[str] | None, typer.Option(help="name=text, name:=JSON or {...}; repeat.")]
Topic = Annotated[str | None, typer.Option(help="What recipients can mute it by, as news.")]
Subject = Annotated[str | None, typer.Option(help="Of the e-mails.")]


def join(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "create", mailing)(create)
    command(app, "preview", mailing)(preview)
    command(app, "change")(change)
    command(app, "clone")(clone)


def mailing(
    _: Call,
    name: Name = None,
    text: Text = None,
    template: Template = None,
    context: Context = None,
    subject: Subject = None,
    start: Start = "now",
    end: End = "1d",
    tag: Tags = None,
    operator: Operators = None,
    group: Groups = None,
    segment: Segments = None,
    everyone: Everyone = False,
    channel: Channels = None,
    window: Window = None,
    topic: Topic = None,
    key: Key = None,
) -> dict[str, object]:
    """What `createMailing` takes, as the options say it; raises Invalid."""
    audience = given(
        all=everyone or None,
        tags=tag or None,
        operatorCodes=operator or None,
        groups=group or None,
        segments=segment or None,
    )
    said = given(
        template=template and {"slug": template},
        context=pairs("--context", context),
        subject=subject,
        channels=enums(channel),
        window=hours(window),
        topic=topic,
        idempotencyKey=key,
    )
    content = words(text) or ""
    said_words = {"name": name or template or _gist(content), "text": content, "audience": audience}
    return {
        **said_words,
        "startAt": moment("--start", start or "now"),
        "endAt": moment("--end", end or "1d"),
        **said,
    }


async def create(call: Call, /, **said: Any) -> None:  # noqa: ANN401 - the options of `mailing`
    """Create a mailing; one whose start has come goes off at once."""
    made = await call.ask(CREATE, input=mailing(call, **said))
    call.screen.one(made["mailing"], FIELDS)


async def preview(call: Call, /, **said: Any) -> None:  # noqa: ANN401 - the options of `mailing`
    """Say what `create` would do with the same options; nothing is written."""
    found = (await call.ask(PREVIEW, input=mailing(call, **said)))["preview"]
    call.screen.one(found, PREVIEWED)
    if not call.screen.as_json:
        call.screen.rows(found["audience"]["timeZones"], {"zone": "timeZone", "clients": "clients"})
        call.screen.rows(found["samples"], SAMPLE)


async def change(
    call: Call,
    mailing_id: Id,
    name: Name = None,
    text: Text = None,
    subject: Subject = None,
    start: Start = None,
    end: End = None,
    window: Window = None,
) -> None:
    """Change a mailing; messages not yet sent follow, and what is left out stays."""
    said = given(
        id=mailing_id,
        name=name,
        text=words(text),
        subject=subject,
        startAt=start and moment("--start", start),
        endAt=end and moment("--end", end),
        window=hours(window),
    )
    call.screen.one((await call.ask(CHANGE, input=said))["mailing"], FIELDS)


async def clone(
    call: Call,
    mailing_id: Id,
    start: Start = "now",
    end: End = "1d",
    name: Name = None,
    key: Key = None,
) -> None:
    """Create a mailing that says the same as another one, at another time."""
    times = {"startAt": moment("--start", start or "now"), "endAt": moment("--end", end or "1d")}
    said = {"id": mailing_id, **times, **given(name=name, idempotencyKey=key)}
    call.screen.one((await call.ask(CLONE, input=said))["mailing"], FIELDS)


def _gist(words: str) -> str:
    """How a text begins."""
    return next(iter(words.strip().splitlines()), "")[:_LONGEST_GIST]
