"""Messages that their recipients do not want, up to the moment when they would leave."""

from dataclasses import replace
from typing import Any

import pytest
from bson import ObjectId

from channels.email import Email
from channels.sending_api import SendingApi
from core.parts import Parts
from local.mail_faults import MailFaults
from local.outside import Outside
from local.smtp_sink import Sink
from models.suppression import Suppression
from rules.message import Status
from rules.suppression import Reason
from rules.unsubscribing import Link
from services import (
    kinds,
    messages,
    notifications,
    preferences,
    retries,
    suppressions,
    unsubscribing,
    users,
)
from services.preferences import Owner, Whose, Wish
from services.suppressions import NewSuppression
from tests import factories
from tests.factories import notification
from tests.services.looking import counted, rows
from tests.services.pumping import run

pytestmark = pytest.mark.usefixtures("impatient")

PUBLIC = "https://belfry.example.com"


@pytest.fixture
def public(parts: Parts) -> Parts:
    """Parts of processes that the world can reach."""
    said = {"public_url": PUBLIC, "link_secret": "a secret for links, longer than it must be"}
    settings = type(parts.settings)(**{**parts.settings.model_dump(), **said})
    return replace(parts, settings=settings)


async def told(parts: Parts, user_id: ObjectId, key: str = "new_login") -> None:
    await notifications.create(parts, "s", notification(user_id, key))


async def mute(parts: Parts, owner: Owner, *said: preferences.Mute) -> None:
    await preferences.change(parts, owner, Wish(muted=said), "u")


async def ends(**query: Any) -> set[tuple[str, str]]:
    return {(row["status"], row["why"]) for row in await rows(**query)}


@pytest.mark.parametrize("entry", [("new_login", "email"), (None, "email"), ("new_login", None)])
async def test_a_muted_e_mail_ends_suppressed_and_says_by_what(
    parts: Parts, sink: Sink, email: Email, entry: preferences.Mute
) -> None:
    user_id = ObjectId()
    await told(parts, user_id)
    # Muted while it waits: what counts is the moment when it would leave.
    await mute(parts, Owner(Whose.USER, user_id), entry)
    assert await run(parts, email, messages.PERSONAL) == 1
    said = "/".join(one or "*" for one in entry)
    assert await ends() == {("suppressed", f"muted by the recipient: {said}")}
    assert len(sink.mails) == 0


async def test_a_mail_that_is_not_muted_leaves(parts: Parts, sink: Sink, email: Email) -> None:
    user_id = ObjectId()
    await mute(parts, Owner(Whose.USER, user_id), ("new_login", "in_app"), ("promo", "email"))
    await told(parts, user_id)
    await run(parts, email, messages.PERSONAL)
    assert await ends() == {("sent", "")}
    assert len(sink.mails) == 1


async def test_what_is_critical_leaves_whatever_was_muted(
    parts: Parts, sink: Sink, email: Email
) -> None:
    user_id = ObjectId()
    await mute(parts, Owner(Whose.USER, user_id), ("new_login", "email"), (None, None))
    await kinds.update(parts, "new_login", {"critical": True})
    await told(parts, user_id)
    await run(parts, email, messages.PERSONAL)
    assert await ends() == {("sent", "")}


async def test_of_a_mailing_those_clients_get_nothing_that_muted_its_topic(
    parts: Parts, outside: Outside, api: SendingApi
) -> None:
    mailing_id = await factories.launched(parts, 4, topic="promo")
    ids = [row["client_id"] for row in await rows()]
    await mute(parts, Owner(Whose.CLIENT, ids[0]), ("promo", "sending_api"))
    await mute(parts, Owner(Whose.CLIENT, ids[1]), (None, "sending_api"))
    await mute(parts, Owner(Whose.CLIENT, ids[2]), ("promo", "email"), ("news", "sending_api"))
    assert await run(parts, api) == 4
    assert await counted(parts, mailing_id) == {Status.SENT: 2, Status.SUPPRESSED: 2}
    assert outside.ledger.count == 2
    assert await ends(client_id=ids[0]) == {
        ("suppressed", "muted by the recipient: promo/sending_api")
    }


async def test_a_mailing_without_a_topic_is_muted_with_its_channel_only(
    parts: Parts, outside: Outside, api: SendingApi
) -> None:
    await factories.launched(parts, 2)
    one, other = [row["client_id"] for row in await rows()]
    await mute(parts, Owner(Whose.CLIENT, one), (None, "sending_api"))
    await mute(parts, Owner(Whose.CLIENT, other), ("promo", None))
    await run(parts, api)
    assert {row["client_id"]: row["status"] for row in await rows()} == {
        one: "suppressed",
        other: "sent",
    }


async def test_what_was_suppressed_can_be_tried_again_and_is_asked_again(
    parts: Parts, outside: Outside, api: SendingApi
) -> None:
    mailing_id = await factories.launched(parts, 2, topic="promo")
    one, other = [row["client_id"] for row in await rows()]
    for client_id in (one, other):
        await mute(parts, Owner(Whose.CLIENT, client_id), ("promo", None))
    await run(parts, api)
    assert await counted(parts, mailing_id) == {Status.SUPPRESSED: 2}
    await mute(parts, Owner(Whose.CLIENT, one))
    retried = await retries.of_mailing(parts, mailing_id, [Status.SUPPRESSED], "o")
    assert retried.count == 2
    await run(parts, api)
    assert await counted(parts, mailing_id) == {Status.SENT: 1, Status.SUPPRESSED: 1}
    assert outside.ledger.count == 1


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("critical", [False, True])
async def test_nothing_goes_to_an_address_on_the_list_but_what_is_critical_to_who_unsubscribed(
    parts: Parts, sink: Sink, email: Email, reason: Reason, critical: bool
) -> None:
    await kinds.update(parts, "new_login", {"critical": critical})
    await told(parts, ObjectId())
    address = (await rows())[0]["address"].upper()
    await suppressions.add("op", [NewSuppression("email", address)])
    await Suppression.find_all().set({"reason": reason})
    await run(parts, email, messages.PERSONAL)
    leaves = critical and reason is Reason.UNSUBSCRIBED
    why = f"the address is on the suppression list: {reason}"
    assert await ends() == {("sent", "") if leaves else ("suppressed", why)}
    assert len(sink.mails) == leaves


async def test_a_hard_bounce_holds_back_the_next_mail_to_the_address(
    parts: Parts, sink: Sink, email: Email
) -> None:
    sink.faults = MailFaults(rcpt="550 5.1.1 no such user")
    await told(parts, ObjectId())
    await run(parts, email, messages.PERSONAL)
    (row,) = await rows()
    assert (row["status"], row["why"]) == ("undeliverable", "undeliverable: 550")
    (listed,) = await Suppression.find_all().to_list()
    assert (listed.reason, listed.message_id) == (Reason.HARD_BOUNCE, row["_id"])
    assert (listed.address, "no such user" in listed.note) == (row["address"], True)
    sink.faults = MailFaults()
    await told(parts, ObjectId())
    await run(parts, email, messages.PERSONAL)
    assert {row["status"] for row in await rows()} == {"undeliverable", "suppressed"}
    assert len(sink.mails) == 0


@pytest.mark.parametrize("answer", ["450 4.2.1 later", "421 4.3.2 closing"])
async def test_a_passing_trouble_puts_nobody_on_the_list(
    parts: Parts, sink: Sink, email: Email, answer: str
) -> None:
    sink.faults = MailFaults(rcpt=answer)
    await told(parts, ObjectId())
    await run(parts, email, messages.PERSONAL)
    assert await Suppression.count() == 0


async def test_an_address_that_no_server_was_asked_about_is_not_put_on_the_list(
    parts: Parts, email: Email
) -> None:
    await told(parts, ObjectId())
    await users.collection().update_one({}, {"$set": {"email": "no address"}})
    await run(parts, email, messages.PERSONAL)
    assert await ends() == {("undeliverable", "undeliverable: address")}
    assert await Suppression.count() == 0


async def test_mails_say_how_to_end_them_unless_they_are_critical_or_about_nothing(
    public: Parts, sink: Sink, email: Email
) -> None:
    user_id = ObjectId()
    await told(public, user_id)
    await kinds.update(public, "registration", {"critical": True})
    await told(public, user_id, "registration")
    await run(public, email, messages.PERSONAL)
    (client_id,) = await factories.clients(1, said=factories.with_email)
    for topic in ("promo", None):
        await factories.launched(public, 0, channels=("email",), topic=topic)
    await run(public, email)
    links = [mail.headers.get("List-Unsubscribe") for mail in sink.mails]
    found = [_read(public, link) for link in links if link is not None]
    assert len(links) == 4
    assert {(link.key, link.entry) for link in found} == {
        (str(user_id), "new_login/email"),
        (str(client_id), "promo/email"),
    }


def _read(parts: Parts, said: str) -> Link:
    base = f"<{PUBLIC}/unsubscribe/"
    assert said.startswith(base)
    link = unsubscribing.read(parts.settings, said[len(base) : -1])
    assert link is not None
    return link


async def test_without_a_public_url_no_mail_has_a_link(
    parts: Parts, sink: Sink, email: Email
) -> None:
    await told(parts, ObjectId())
    await run(parts, email, messages.PERSONAL)
    (mail,) = sink.mails
    assert b"list-unsubscribe" not in mail.raw.lower()
