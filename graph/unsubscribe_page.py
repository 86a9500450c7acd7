"""The pages behind a link to unsubscribe: plain HTML that needs no script and asks for nothing else."""

from collections.abc import Mapping
from html import escape

from starlette.responses import Response

from graph import html_page
from rules.unsubscribing import Link
from services.unsubscribing import State


def page(link: Link, state: State) -> Response:
    """What the recipient gets now, with a button for each thing that can change."""
    what = f"e-mails about “{escape(link.topic)}”" if link.topic else "these e-mails"
    if not state.unsubscribed:
        said = f"<p>You get {what}.</p>"
        return html_page.answer(200, "Unsubscribe", said + _form(topic="Unsubscribe", all=_ALL))
    if state.from_everything:
        said = "<p>You get no e-mails from us, but for those that can’t be turned off.</p>"
        return html_page.answer(
            200, "You are unsubscribed", said + _form(undo=f"Send me {what} again")
        )
    said = f"<p>You get no {what} any more.</p>"
    return html_page.answer(
        200, "You are unsubscribed", said + _form(undo="Undo", all="Stop all e-mails as well")
    )


def unknown() -> Response:
    """A link that is none of ours; it doesn't say in what it is wrong."""
    said = "<p>This link is not valid. Please take the whole link from the e-mail.</p>"
    return html_page.answer(404, "Nothing here", said)


def refusal(status: int, message: str, headers: Mapping[str, str]) -> Response:
    """What could not be done, and why."""
    return html_page.answer(status, "That did not work", f"<p>{escape(message)}</p>", headers)


_ALL = "Stop all e-mails that can be turned off"


def _form(**buttons: str) -> str:
    """A form that posts to where it came from, by one button or the other."""
    said = "".join(
        f'<button name="do" value="{name}">{text}</button>' for name, text in buttons.items()
    )
    return f'<form method="post">{said}</form>'
