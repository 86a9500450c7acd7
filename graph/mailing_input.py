"""What mutations of mailings take."""

from datetime import datetime
from typing import Any

import strawberry

from graph.audience_input import AudienceInput
from graph.enums import Channel
from graph.idempotency import key_field
from graph.kind import present
from graph.wording_input import CONTEXT, JSON, ChooseTemplateInput, chosen
from models import mailing as documents
from rules.message import Route
from services.new_mailing import NewMailing

BEFORE = "Only before the mailing has started."
TOPIC = (
    "What it is about, so that recipients can mute that: a key like those of kinds, or one of them. "
    "E-mails with a topic carry a link to unsubscribe; without one they can only be muted with all "
    "others of their channel."
)


@strawberry.input(description="Hours of a client's own day, over midnight if `to` isn't the later.")
class LocalWindowInput:
    """A window on the wall clock."""

    opens: str = strawberry.field(name="from", description="HH:MM, as in 09:00.")
    closes: str = strawberry.field(name="to", description="HH:MM, exclusive; 24:00 is midnight.")

    def said(self) -> documents.LocalWindow:
        """The same for the service."""
        return documents.LocalWindow(opens=self.opens, closes=self.closes)


@strawberry.input(description="A mailing to create.")
class CreateMailingInput:
    """What createMailing takes."""

    name: str
    text: str = strawberry.field(default="", description="Unless a template says it.")
    start_at: datetime = strawberry.field(description="It starts by itself then; at once if past.")
    end_at: datetime = strawberry.field(description="Nothing is delivered after it.")
    audience: AudienceInput
    channels: list[Channel] = strawberry.field(default_factory=lambda: [Route.SENDING_API])
    subject: str = strawberry.field(default="", description="For e-mail; else the name is used.")
    html: str = strawberry.field(default="", description="For e-mail, beside the text.")
    template: ChooseTemplateInput | None = strawberry.field(
        default=None, description="In place of text, subject and HTML; filled once, as it is now."
    )
    context: JSON | None = strawberry.field(default=None, description=CONTEXT)
    window: LocalWindowInput | None = strawberry.field(
        default=None, description="When a client may be reached, by its own time; null: always."
    )
    topic: str | None = strawberry.field(default=None, description=TOPIC)
    idempotency_key: str | None = key_field()

    def said(self) -> NewMailing:
        """The same for the service; raises InvalidInput."""
        return NewMailing(
            name=self.name,
            text=self.text,
            start_at=self.start_at,
            end_at=self.end_at,
            audience=self.audience.said(),
            channels=tuple(route.value for route in self.channels),
            subject=self.subject,
            window=None if self.window is None else self.window.said(),
            topic=self.topic,
            html=self.html,
            template=chosen(self.template, self.context),
        )


@strawberry.input(description="Changes to a mailing; what is absent stays as it is.")
class UpdateMailingInput:
    """What updateMailing takes."""

    id: strawberry.ID
    name: strawberry.Maybe[str | None]
    text: strawberry.Maybe[str | None]
    subject: strawberry.Maybe[str | None]
    html: strawberry.Maybe[str | None]
    template: ChooseTemplateInput | None = strawberry.field(
        default=None, description="In place of text, subject and HTML; a text replaces it in turn."
    )
    context: JSON | None = strawberry.field(default=None, description=CONTEXT)
    start_at: strawberry.Maybe[datetime | None] = strawberry.field(description=BEFORE)
    end_at: strawberry.Maybe[datetime | None] = strawberry.field(
        description="One in the past ends it now."
    )
    audience: strawberry.Maybe[AudienceInput | None] = strawberry.field(description=BEFORE)
    channels: strawberry.Maybe[list[Channel] | None] = strawberry.field(description=BEFORE)
    window: strawberry.Maybe[LocalWindowInput | None] = strawberry.field(
        default=None, description="Null takes the window away."
    )
    topic: strawberry.Maybe[str | None] = strawberry.field(
        default=None, description=f"Null takes it away. {TOPIC}"
    )

    def said(self) -> dict[str, Any]:
        """The same for the service; raises InvalidInput."""
        names = ("name", "text", "subject", "html", "start_at", "end_at", "audience", "channels")
        said = present(self, *names, "window", "topic", nullable=("window", "topic"))
        if (template := chosen(self.template, self.context)) is not None:
            said["template"] = template
        if "channels" in said:
            said["channels"] = tuple(route.value for route in said["channels"])
        if "audience" in said:
            said["audience"] = said["audience"].said()
        if said.get("window") is not None:
            said["window"] = said["window"].said()
        return said


@strawberry.input(description="The mailing to delete.")
class DeleteMailingInput:
    """What deleteMailing takes."""

    id: strawberry.ID


@strawberry.input(description="The mailing to stop for now.")
class PauseMailingInput:
    """What pauseMailing takes."""

    id: strawberry.ID


@strawberry.input(description="The mailing to go on with.")
class ResumeMailingInput:
    """What resumeMailing takes."""

    id: strawberry.ID


@strawberry.input(description="The mailing to end.")
class CancelMailingInput:
    """What cancelMailing takes."""

    id: strawberry.ID


@strawberry.input(description="A mailing to make from another one.")
class CloneMailingInput:
    """What cloneMailing takes."""

    id: strawberry.ID = strawberry.field(description="The other one, whatever its status.")
    start_at: datetime = strawberry.field(description="It starts by itself then; at once if past.")
    end_at: datetime = strawberry.field(description="Nothing is delivered after it.")
    name: str | None = strawberry.field(
        default=None, description="Without one, the other's, marked as a copy."
    )
    topic: strawberry.Maybe[str | None] = strawberry.field(
        default=None, description="Without one, the other's; null for none."
    )
    idempotency_key: str | None = key_field()
