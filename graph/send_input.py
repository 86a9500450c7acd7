"""What `send` takes."""

from datetime import datetime
from functools import partial

import strawberry

from core.errors import Checklist, InvalidInput
from graph import ids
from graph.enums import Channel, SendLane, SendToAll
from graph.given import given
from graph.idempotency import key_field
from graph.mailing_input import TOPIC, LocalWindowInput
from graph.wording_input import CONTEXT, JSON, ChooseTemplateInput, chosen, context_of
from services.new_send import MOST_RECIPIENTS, NewSend, OwnWords, Recipient, To


@strawberry.input(
    description="One of the recipients of a send: by one of clientId, userId, phone, email, contactName."
)
class RecipientInput:
    """A recipient, and what is its own."""

    client_id: strawberry.ID | None = None
    user_id: strawberry.ID | None = strawberry.field(default=None, description="24 hex digits.")
    phone: str | None = strawberry.field(default=None, description="Gets it by the sending API.")
    email: str | None = strawberry.field(default=None, description="Gets it by e-mail.")
    contact_name: str | None = strawberry.field(
        default=None, description="A contact of yours; gets it by every messenger that it has."
    )
    context: JSON | None = strawberry.field(
        default=None, description="Goes before the context of the send, name by name."
    )
    locale: str | None = strawberry.field(
        default=None, description="A tag of BCP 47; without one, the client's or user's own."
    )


@strawberry.input(one_of=True, description="Whom a send goes to; give one of these.")
class SendToInput:
    """Named recipients, or an audience."""

    recipients: strawberry.Maybe[list[RecipientInput]] = strawberry.field(
        description="1 to 1,000, one by one."
    )
    group: strawberry.Maybe[str] = strawberry.field(
        description="The name of a group. Needs the permission `MANAGE_MAILINGS`."
    )
    segment: strawberry.Maybe[str] = strawberry.field(
        description="The name of a segment. Needs the permission `MANAGE_MAILINGS`."
    )
    all: strawberry.Maybe[SendToAll] = strawberry.field(
        description="Needs the permission `MANAGE_MAILINGS`."
    )

    @property
    def is_wide(self) -> bool:
        """Whether nobody is named."""
        return self.recipients is None

    def said(self, checks: Checklist) -> To:
        """The same for the service, after noting every mistake."""
        if self.recipients is None:
            return To(
                group=given(self.group), segment=given(self.segment), everyone=given(self.all)
            )
        # One more than the service takes, so that it says so.
        named = self.recipients.value[: MOST_RECIPIENTS + 1]
        return To([_recipient(checks, place, one) for place, one in enumerate(named)])


@strawberry.input(description="Words of your own, where no template says it.")
class SendWordsInput:
    """What is said to everyone alike."""

    text: str
    subject: str = strawberry.field(default="", description="For e-mail.")
    html: str = strawberry.field(default="", description="For e-mail, beside the text.")


@strawberry.input(description="What to send, to whom, and when. Give either template or words.")
class SendInput:
    """What send takes."""

    to: SendToInput
    template: ChooseTemplateInput | None = None
    words: SendWordsInput | None = None
    context: JSON | None = strawberry.field(default=None, description=CONTEXT)
    channels: list[Channel] | None = strawberry.field(
        default=None,
        description="Without them, each recipient gets it by every way that it has.",
    )
    topic: str | None = strawberry.field(default=None, description=TOPIC)
    start_at: datetime | None = strawberry.field(
        default=None, description="Nothing leaves before; without it, or if past: at once."
    )
    end_at: datetime | None = strawberry.field(
        default=None, description="Nothing leaves after; without it, 3 days after the start."
    )
    window: LocalWindowInput | None = strawberry.field(
        default=None, description="When a client may be reached, by its own time; null: always."
    )
    lane: SendLane | None = strawberry.field(
        default=None,
        description=(
            "PERSONAL for named recipients, else BULK, which never delays what is personal; BULK "
            "suits a long list too."
        ),
    )
    idempotency_key: str | None = key_field()

    def said(self) -> NewSend:
        """The same for the service; raises InvalidInput."""
        if (self.template is None) == (self.words is None):
            raise InvalidInput.at("template", "give either template or words, not both")
        checks = Checklist()
        to, own = self.to.said(checks), self.words
        checks.close()
        channels = self.channels
        return NewSend(
            to=to,
            template=chosen(self.template, self.context),
            words=None if own is None else OwnWords(own.text, own.subject, own.html),
            channels=None if channels is None else tuple(route.value for route in channels),
            topic=self.topic,
            start_at=self.start_at,
            end_at=self.end_at,
            window=None if self.window is None else self.window.said(),
            lane=self.lane,
        )


def _recipient(checks: Checklist, place: int, said: RecipientInput) -> Recipient:
    at = f"to.recipients.{place}"
    named = (said.client_id, said.user_id, said.phone, said.email, said.contact_name)
    if sum(one is not None for one in named) != 1:
        checks.add(at, "give one of clientId, userId, phone, email and contactName")
    client_id = None
    if said.client_id is not None:
        key = partial(ids.object_id, "Client")
        client_id = checks.take(f"{at}.clientId", key, said.client_id)
    return Recipient(
        client_id=client_id,
        user_id=said.user_id,
        phone=said.phone,
        email=said.email,
        contact=said.contact_name,
        context=checks.take(f"{at}.context", context_of, said.context) or {},
        locale=said.locale,
    )
